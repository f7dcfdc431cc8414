/*
 * Names on the bus, shared by daemon and client. The whole interface: config/org.ebbd.Ebb1.xml.
 */
#pragma once

#define EBB_BUS_NAME   "org.ebbd.Ebb1"
#define EBB_PATH       "/org/ebbd/Ebb1"
#define EBB_PATH_JOB   EBB_PATH "/job"
#define EBB_IF_MANAGER EBB_BUS_NAME ".Manager"
#define EBB_IF_REVIEW  EBB_BUS_NAME ".Review"
#define EBB_IF_CARDS   EBB_BUS_NAME ".Cards"
#define EBB_IF_DECKS   EBB_BUS_NAME ".Decks"
#define EBB_IF_JOBS    EBB_BUS_NAME ".Jobs"
#define EBB_IF_JOB     EBB_BUS_NAME ".Job"

/* Errors. Each comes with a sentence for people. */
#define EBB_ERROR                   EBB_BUS_NAME ".Error."
#define EBB_ERROR_NO_SUCH_CARD      EBB_ERROR "NoSuchCard"
#define EBB_ERROR_NO_SUCH_NOTE      EBB_ERROR "NoSuchNote"
#define EBB_ERROR_NO_SUCH_DECK      EBB_ERROR "NoSuchDeck"
#define EBB_ERROR_NO_SUCH_PRESET    EBB_ERROR "NoSuchPreset"
#define EBB_ERROR_NO_SUCH_NOTETYPE  EBB_ERROR "NoSuchNoteType"
#define EBB_ERROR_NO_SUCH_BACKUP    EBB_ERROR "NoSuchBackup"
#define EBB_ERROR_STALE             EBB_ERROR "Stale"   /* the card changed since it was shown */
#define EBB_ERROR_INVALID           EBB_ERROR "Invalid" /* an argument out of range or malformed */
#define EBB_ERROR_EXISTS            EBB_ERROR "Exists"
#define EBB_ERROR_NOTHING_DUE       EBB_ERROR "NothingDue"
#define EBB_ERROR_NOTHING_ON_SCREEN EBB_ERROR "NothingOnScreen"
#define EBB_ERROR_NOTHING_TO_UNDO   EBB_ERROR "NothingToUndo"
#define EBB_ERROR_NO_SERVER         EBB_ERROR "NoServer"   /* no notification server answers */
#define EBB_ERROR_CLOCK             EBB_ERROR "ClockWrong" /* the system clock cannot be right */
#define EBB_ERROR_CONFIG            EBB_ERROR "Config"
#define EBB_ERROR_BUSY              EBB_ERROR "Busy"  /* a job of this kind is running */
#define EBB_ERROR_STORE             EBB_ERROR "Store" /* the collection cannot be read or written */
