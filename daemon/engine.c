#include "engine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commands.h"
#include "core/ask.h"
#include "core/civil.h"
#include "core/day.h"
#include "core/remind.h"
#include "desktop/notifier.h"
#include "desktop/presence.h"
#include "desktop/server-watch.h"
#include "store/card.h"
#include "store/cardtext.h"
#include "store/deck.h"
#include "store/device.h"
#include "store/queue.h"
#include "store/review.h"
#include "store/stats.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/parse.h"
#include "util/text.h"
#include "util/zone.h"

enum {
        DECISIONS_KEPT = 200,
        CLOSING_EXPIRE_MS = 8000,
        QUESTION_LINE_CHARS = 80, /* of the question, above its answer */
        PACE_DAYS = 90,           /* of reviews, from which their usual pace is known */
        HUSH_DAYS_MAX = 366,
};

#define COUNT_AGAIN (10 * USEC_PER_MIN) /* after a failure, which must not end the reminding */

#define BAD_GRADE "A grade is 1 (again), 2 (hard), 3 (good) or 4 (easy)."

typedef struct Decision {
        usec_t at_real;
        bool asked;
        const char *kind;
        char sentence[REMIND_SENTENCE_SIZE];
} Decision;

struct Engine {
        sd_event *event;
        Store *store;
        const Conf *conf;
        Notifier *notifier;
        ServerWatch *watch;
        Presence *presence;
        uint32_t presence_serial; /* counts changes */
        const EngineHandler *handler;
        void *userdata;
        bool started;

        Zone *zone;
        When when;

        AskState ask;
        RemindState remind;
        RemindConfig remind_config;
        RemindState remind_kept; /* what the store holds of it */
        int32_t remind_kept_day;
        int64_t remind_deck;           /* in which most is due; 0: all are asked about */
        sd_event_source *ask_timer;    /* CLOCK_BOOTTIME */
        sd_event_source *remind_timer; /* CLOCK_REALTIME */
        sd_event_source *count_timer;  /* CLOCK_REALTIME: something becomes due, or the day ends */

        EngineCounts counts;
        char *server;
        char *problem;
        uint64_t notice; /* generation of a notice (count only), 0 = none */

        /* What is asked: the deck of this batch, and the card on screen as it was fetched. */
        int64_t batch_deck, last_card;
        unsigned batch; /* cards in it; 0: as configured */
        bool back;      /* the first after an absence */
        bool discreet;
        RemindGone leaving; /* why the card on screen goes, when it goes by the learner */
        Card card;
        char *question, *answer, *deck_name;
        CardSched previews[GRADE_COUNT];

        /* Of the last grade given through the machine, for whoever caused it. */
        int grade_result;
        char *grade_interval, *grade_problem;

        Decision decisions[DECISIONS_KEPT];
        size_t n_decisions, newest;
};

static void remember(Engine *e);
static void ask_event(Engine *e, AskEvent ev);
static void remind_event(Engine *e, RemindEvent ev);

static void changed(Engine *e) {
        if (e->started && e->handler && e->handler->changed)
                e->handler->changed(e, e->userdata);
}

static int problem_set(char **p, const char *sentence) {
        char *copy = NULL;

        if (sentence) {
                copy = strdup(sentence);
                if (!copy)
                        return -ENOMEM;
        }
        free(*p);
        *p = copy;
        return 0;
}

/* ---- time ------------------------------------------------------------------------------------ */

static const Zone *zone_of(const Engine *e) {
        return e->zone ? e->zone : zone_utc();
}

When engine_when(Engine *e) {
        usec_t now_real = clock_now_real();
        int64_t now_ms = (int64_t) (now_real / USEC_PER_MSEC);
        int starts = (int) e->conf->day_starts_min;
        int32_t day = day_number(zone_of(e), now_real, starts);
        usec_t ends_real;

        /* A day that a zone leaves out is empty: the day ends where the next one that is not begins. */
        for (int32_t next = day + 1;; next++) {
                ends_real = day_start(zone_of(e), next, starts);
                if (ends_real > now_real)
                        break;
        }

        return (When){
                .now_ms = now_ms,
                .tz_min = day_tz_min(zone_of(e), now_ms),
                .day_starts_min = starts,
                .today_day = day,
                .day_ends_ms = (int64_t) (ends_real / USEC_PER_MSEC),
        };
}

static void load_zone(Engine *e) {
        _cleanup_(zone_freep) Zone *zone = NULL;
        int r;

        r = zone_load(e->conf->zone, &zone);
        if (r < 0) {
                log_warning_errno(r, "Failed to load the time zone %s, keeping %s: %m",
                                  e->conf->zone ? e->conf->zone : "of the system",
                                  zone_name(zone_of(e)));
                return;
        }
        zone_free(e->zone);
        e->zone = TAKE_PTR(zone);
}

/* USEC_INFINITY switches a timer off; the past fires at once. */
static void arm(sd_event_source *timer, usec_t at) {
        int r;

        if (at == USEC_INFINITY) {
                (void) sd_event_source_set_enabled(timer, SD_EVENT_OFF);
                return;
        }
        r = sd_event_source_set_time(timer, at);
        if (r >= 0)
                r = sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
        if (r < 0)
                log_error_errno(r, "Failed to set a timer, reminders may be late: %m");
}

/* ---- counts ---------------------------------------------------------------------------------- */

static usec_t real_of_ms(int64_t ms) {
        return ms > 0 ? (usec_t) ms * USEC_PER_MSEC : 0;
}

static void store_failed(Engine *e, int r, const char *what) {
        if (r < 0)
                log_error_errno(r, "Failed to %s: %s", what, store_error(e->store));
        else
                log_warning("Failed to %s: %s", what, store_error(e->store));
}

/* What the decks that are asked about add up to; all of them without a choice. */
static int remind_counts(Engine *e, const DueCounts *all, int64_t oldest_ms, RemindEvent *ret) {
        _cleanup_free_ DeckCounts *counts = NULL;
        RemindDeck decks[REMIND_DECKS_MAX] = { { .due = e->counts.due } };
        int64_t ids[REMIND_DECKS_MAX] = { 0 };
        size_t n = 0, n_counts, most;
        const Deck *deck;
        int r;

        *ret = (RemindEvent){ .kind = REMIND_COUNTS,
                              .due = e->counts.due,
                              .learning = all->learning,
                              .oldest_due_real = real_of_ms(oldest_ms),
                              .next_due_real = e->counts.next_due_real };
        if (e->conf->n_decks == 0) {
                ret->worth = remind_worth(&e->remind_config, decks, 1, &most);
                e->remind_deck = 0;
                return 0;
        }

        r = queue_due_by_deck(e->store, &e->when, &counts, &n_counts);
        if (r != 0)
                return r;

        /* Since when the oldest of some decks waits is not known: it waits since it was counted. */
        ret->due = ret->learning = 0;
        ret->oldest_due_real = 0;
        for (size_t i = 0; i < e->conf->n_decks; i++) {
                if (deck_by_name(e->store, e->conf->decks[i].name, &deck) != 0)
                        continue;
                for (size_t k = 0; k < n_counts; k++) {
                        const DueCounts *due = &counts[k].due;

                        if (counts[k].deck != deck->id)
                                continue;
                        ids[n] = deck->id;
                        decks[n].due = due->learning + due->review + due->fresh;
                        decks[n].min_due = e->conf->decks[i].min_due;
                        ret->due += decks[n++].due;
                        ret->learning += due->learning;
                }
        }
        ret->worth = remind_worth(&e->remind_config, decks, n, &most);
        e->remind_deck = ids[most];
        return 0;
}

static void recount(Engine *e) {
        EngineCounts before = e->counts;
        const char *problem;
        DueCounts due = {};
        int64_t next_ms = 0, oldest_ms = 0;
        usec_t next_real;
        RemindEvent told;
        int r;

        e->when = engine_when(e);

        r = store_set_today(e->store, &e->when);
        if (r == STORE_E_UNSURE)
                r = store_recover(e->store, e->when.now_ms);
        if (r == 0)
                r = queue_due(e->store, &e->when, &due);
        if (r == 0)
                r = queue_next_due(e->store, &e->when, &next_ms);
        if (r == 0)
                r = queue_oldest_due(e->store, &e->when, &oldest_ms);
        if (r == 0)
                r = review_count_today(e->store, &e->when, &e->counts.reviewed_today);
        if (r != 0) {
                store_failed(e, r, "count what is due, trying again in ten minutes");
                arm(e->count_timer, clock_now_real() + COUNT_AGAIN);
                return;
        }

        e->counts.learning = due.learning;
        e->counts.review = due.review;
        e->counts.fresh = due.fresh;
        e->counts.due = due.learning + due.review + due.fresh;
        e->counts.next_due_real = real_of_ms(next_ms);

        problem = store_problem(e->store);
        (void) problem_set(&e->problem, problem);

        next_real = real_of_ms(e->when.day_ends_ms);
        if (e->counts.next_due_real > 0 && e->counts.next_due_real < next_real)
                next_real = e->counts.next_due_real;

        /* With an empty collection not even a new day is a reason to wake up. */
        arm(e->count_timer, e->counts.due == 0 && next_ms == 0 && e->counts.reviewed_today == 0
                                    ? USEC_INFINITY
                                    : next_real);

        if (memcmp(&before, &e->counts, sizeof(before)) != 0)
                changed(e);

        r = remind_counts(e, &due, oldest_ms, &told);
        if (r != 0) {
                store_failed(e, r, "count what is due by deck, trying again in ten minutes");
                arm(e->count_timer, clock_now_real() + COUNT_AGAIN);
                return;
        }
        remind_event(e, told);
        if (e->remind_kept_day != e->when.today_day)
                remember(e);
}

/* ---- decisions ------------------------------------------------------------------------------- */

static void decision_add(Engine *e, bool asked, const char *kind, const char *sentence) {
        Decision *d;

        e->newest = (e->newest + 1) % DECISIONS_KEPT;
        if (e->n_decisions < DECISIONS_KEPT)
                e->n_decisions++;

        d = &e->decisions[e->newest];
        d->at_real = clock_now_real();
        d->asked = asked;
        d->kind = kind;
        (void) snprintf(d->sentence, sizeof(d->sentence), "%s", sentence);
        log_debug("%s", sentence);
}

static bool said_last(const Engine *e, const char *sentence) {
        return e->n_decisions > 0 && strcmp(e->decisions[e->newest].sentence, sentence) == 0;
}

bool engine_decision(Engine *e, size_t index, EngineDecision *ret) {
        const Decision *d;

        if (index >= e->n_decisions)
                return false;

        d = &e->decisions[(e->newest + DECISIONS_KEPT - index) % DECISIONS_KEPT];
        *ret = (EngineDecision){ d->at_real, d->asked, d->kind, d->sentence };
        return true;
}

static int remember_number(const char *name, int64_t value, void *userdata) {
        Engine *e = userdata;

        return device_set(e->store, name, value);
}

static int recall_number(const char *name, int64_t *value, void *userdata) {
        Engine *e = userdata;

        return device_get(e->store, name, *value, value);
}

/*
 * Written when a reminder comes and goes, once a day and at the end; not at each grade, which has a commit
 * of its own to wait for.
 */
static void remember(Engine *e) {
        int r;

        if (!e->started || store_read_only(e->store))
                return;

        e->remind_kept_day = e->when.today_day;
        r = remind_save(&e->remind, &e->remind_kept, remember_number, e);
        if (r != 0)
                store_failed(e, r, "remember the reminders; after a restart one may come early");
}

static void begin_batch(Engine *e, int64_t deck, bool called);

static const char *const remind_kinds[] = {
        [REMIND_KIND_DUE] = "due",
        [REMIND_KIND_PACED] = "paced",
        [REMIND_KIND_LEARNING] = "learning",
        [REMIND_KIND_CALLED] = "popup",
};

static void remind_event(Engine *e, RemindEvent ev) {
        usec_t now_real = clock_now_real();
        char sentence[REMIND_SENTENCE_SIZE];
        RemindDecision d;

        if (!e->started)
                return;

        d = remind_step(&e->remind, &e->remind_config, now_real, &ev);
        arm(e->remind_timer, d.next_real);

        if (d.missed_min >= 0) {
                remind_sentence_missed(&d, sentence, sizeof(sentence));
                decision_add(e, false, "due", sentence);
        }
        if (d.advice_min >= 0) {
                remind_sentence_advice(&e->remind, &d, sentence, sizeof(sentence));
                decision_add(e, false, "advice", sentence);
        }
        if (d.tell) {
                remind_sentence(&e->remind, &e->remind_config, now_real, &d, sentence,
                                sizeof(sentence));
                d.tell = d.verdict == REMIND_ASK || !said_last(e, sentence);
        }
        if (d.tell)
                decision_add(e, d.verdict == REMIND_ASK, remind_kinds[d.kind], sentence);
        if (d.verdict != REMIND_ASK)
                return;

        e->batch = d.cards;
        e->back = d.back;
        e->discreet = d.discreet;
        begin_batch(e, d.kind == REMIND_KIND_LEARNING ? 0 : e->remind_deck, false);
}

static int on_remind_timer(sd_event_source *s, uint64_t usec, void *userdata) {
        Engine *e = userdata;

        /* What this finds out comes as an event of its own. */
        presence_refresh(e->presence);
        remind_event(e, (RemindEvent){ .kind = REMIND_TIME });
        return 0;
}

static int on_count_timer(sd_event_source *s, uint64_t usec, void *userdata) {
        recount(userdata);
        return 0;
}

static int on_ask_timer(sd_event_source *s, uint64_t usec, void *userdata) {
        ask_event(userdata, (AskEvent){ .kind = ASK_TIME });
        return 0;
}

/* ---- what is on screen ----------------------------------------------------------------------- */

static void show(Engine *e, NotifierCard *card) {
        int r;

        r = notifier_show(e->notifier, card);
        if (r < 0)
                log_error_errno(r, "Failed to show a notification: %m");
}

/* Not how many wait: a number to begin with, and how long that takes at the learner's usual pace. */
static char *back_summary(Engine *e, unsigned cards) {
        StatsReviews stats;
        uint64_t took_ms = 0;

        if (stats_reviews(e->store, STATS_ALL_DECKS, e->when.today_day, PACE_DAYS, &stats) == 0) {
                if (stats.total.reviews > 0)
                        took_ms = stats.total.took_ms / stats.total.reviews;
                stats_reviews_done(&stats);
        }
        if (took_ms == 0)
                return text_format("Back again. Start with %u card%s", cards,
                                   cards == 1 ? "" : "s");
        return text_format("Back again. Start with %u card%s, about %u min", cards,
                           cards == 1 ? "" : "s", (unsigned) ((cards * took_ms + 59999) / 60000));
}

static char *card_summary(Engine *e, const char *problem) {
        if (problem)
                return text_format("Not saved, try again: %s", problem);
        if (e->back && e->ask.position == 1)
                return back_summary(e, e->ask.total);
        return text_format("%u of %u · %s", e->ask.position, e->ask.total, e->deck_name);
}

static void show_question(Engine *e) {
        _cleanup_free_ char *summary = card_summary(e, NULL);
        NotifierCard card = {
                .kind = NOTIFIER_QUESTION,
                .generation = e->ask.generation,
                .summary = summary,
                .body = e->question,
                .n_actions = 2,
                .actions = { { "show", "Show answer", 0 }, { "later", "Later", 1 } },
        };

        /* Only where Ebb came unasked: whoever called for a card does not want a day without. */
        if (e->remind.on_screen_kind == REMIND_KIND_DUE && e->ask.position == 1)
                card.actions[card.n_actions++] = (NotifierAction){ "not-today", "Not today", 2 };

        if (summary)
                show(e, &card);
}

/* "Good 4d": what pressing it promises. */
static void interval_text(const When *when, const CardSched *after, char out[static 16]) {
        int64_t seconds;

        if (after->due_ms != CARD_NO_MS)
                seconds = (after->due_ms - when->now_ms + 500) / MSEC_PER_SEC;
        else
                seconds = (int64_t) (after->due_day - when->today_day) * 86400;
        (void) format_duration_short(seconds > 0 ? seconds : 0, out);
}

static const char *const grade_keys[GRADE_COUNT] = { "again", "hard", "good", "easy" };
static const char *const grade_words[GRADE_COUNT] = { "Again", "Hard", "Good", "Easy" };

/* Where only three buttons fit, the learner's three stay. */
static unsigned grade_rank(const Conf *conf, unsigned grade) {
        for (unsigned i = 0; i < conf->n_grades; i++)
                if (conf->grades[i] == grade)
                        return i;
        return GRADE_COUNT + grade;
}

static void show_answer(Engine *e, const char *problem) {
        _cleanup_free_ char *summary = card_summary(e, problem), *body = NULL, *line = NULL;
        char labels[GRADE_COUNT][32], interval[16];
        NotifierCard card = {
                .kind = NOTIFIER_ANSWER,
                .generation = e->ask.generation,
                .n_actions = GRADE_COUNT,
        };

        line = text_ellipsis(e->question, QUESTION_LINE_CHARS);
        if (!summary || !line)
                return;
        for (char *p = line; *p; p++)
                if (*p == '\n')
                        *p = ' ';

        body = text_format("%s\n→ %s", line, e->answer);
        if (!body)
                return;

        for (unsigned i = 0; i < GRADE_COUNT; i++) {
                interval_text(&e->when, &e->previews[i], interval);
                (void) snprintf(labels[i], sizeof(labels[i]), "%s%s%s", grade_words[i],
                                e->conf->intervals ? " " : "", e->conf->intervals ? interval : "");
                card.actions[i] =
                        (NotifierAction){ grade_keys[i], labels[i], grade_rank(e->conf, i + 1) };
        }
        card.summary = summary;
        card.body = body;
        show(e, &card);
}

static void show_closing(Engine *e) {
        _cleanup_free_ char *body = NULL;
        NotifierCard card = {
                .kind = NOTIFIER_CLOSING,
                .generation = e->ask.generation,
                .summary = "Done for now",
                .expire_ms = CLOSING_EXPIRE_MS,
        };

        if (e->counts.due > 0)
                body = text_format("%u of %u recalled. %u more %s due.", e->ask.recalled,
                                   e->ask.graded, e->counts.due, e->counts.due == 1 ? "is" : "are");
        else
                body = text_format("%u of %u recalled. Nothing more is due.", e->ask.recalled,
                                   e->ask.graded);
        if (!body)
                return;

        card.body = body;
        show(e, &card);
}

/* For those who do not want card text on screen. */
static void show_notice(Engine *e) {
        _cleanup_free_ char *body = NULL;
        NotifierCard card = {
                .kind = NOTIFIER_NOTICE,
                .summary = "Cards are due",
                .n_actions = 2,
                .actions = { { "later", "Later", 0 }, { "not-today", "Not today", 1 } },
                .command_hint = "",
                .expire_ms = e->conf->card_timeout_s * 1000,
        };

        if (e->back) {
                _cleanup_free_ char *summary = back_summary(e, e->batch);

                if (summary)
                        body = text_format("%s. Review with: ebb review", summary);
        } else
                body = text_format("%u %s due. Review with: ebb review", e->counts.due,
                                   e->counts.due == 1 ? "card is" : "cards are");
        if (!body)
                return;

        card.body = body;
        card.generation = e->notice = ++e->ask.generation;
        show(e, &card);
        changed(e);
}

/* ---- the batch ------------------------------------------------------------------------------- */

static void forget_card(Engine *e) {
        e->question = (free(e->question), NULL);
        e->answer = (free(e->answer), NULL);
        e->deck_name = (free(e->deck_name), NULL);
}

/* Reads the next card with all that showing it takes. 0, STORE_E_NOTHING, or what went wrong. */
static int card_fetch(Engine *e) {
        const Deck *deck;
        int r;

        forget_card(e);
        e->when = engine_when(e);

        r = queue_pick(e->store, &e->when, e->batch_deck, e->last_card, 0, &e->card);
        if (r != 0)
                return r;

        r = card_text(e->store, &e->card, &e->question, &e->answer);
        if (r != 0)
                return r;

        r = deck_get(e->store, e->card.deck, &deck);
        if (r != 0)
                return r;

        e->deck_name = strdup(deck->tail);
        if (!e->deck_name)
                return -ENOMEM;

        return card_preview(e->store, &e->when, &e->card, e->previews);
}

static void do_fetch(Engine *e) {
        int r;

        r = card_fetch(e);
        if (r != 0) {
                if (r != STORE_E_NOTHING)
                        store_failed(e, r, "fetch the next card, ending the batch");
                ask_event(e, (AskEvent){ .kind = ASK_NO_CARD });
                return;
        }

        ask_event(e, (AskEvent){ .kind = ASK_CARD,
                                 .card = e->card.id,
                                 .revision = e->card.revision,
                                 .available = e->counts.due });
}

/*
 * One grade, committed or not. After a commit that failed without saying whether it was applied, the
 * store is opened again and the same grade sent with the same revision: when it had been applied, it is
 * stale now, which then is a success.
 */
static int grade_once(Engine *e, int64_t card, uint64_t revision, unsigned grade, uint32_t took_ms,
                      Card *ret_card) {
        GradeResult result;
        int r;

        e->when = engine_when(e);
        r = commands_grade(e->store, &e->when, card, revision, (Grade) grade, took_ms,
                           REVIEW_MODE_ASKED, &result);
        if (r == STORE_E_UNSURE) {
                r = store_recover(e->store, e->when.now_ms);
                if (r != 0)
                        return r;

                r = commands_grade(e->store, &e->when, card, revision, (Grade) grade, took_ms,
                                   REVIEW_MODE_ASKED, &result);
                if (r == STORE_E_STALE) {
                        r = card_get(e->store, card, ret_card);
                        if (r != 0)
                                return r;

                        /* Or it was never tried, and the change that was not sure is another one. */
                        return ret_card->sched.last_ms == e->when.now_ms ? 0 : STORE_E_STALE;
                }
        }
        if (r != 0)
                return r;

        *ret_card = result.card;
        return 0;
}

static int refuse(int code, char **ret_problem, const char *sentence) {
        *ret_problem = strdup(sentence);
        return *ret_problem ? code : -ENOMEM;
}

static int engine_code(int store_code) {
        switch (store_code) {
        case 0:
                return 0;
        case STORE_E_NOT_FOUND:
                return ENGINE_E_NO_SUCH;
        case STORE_E_STALE:
                return ENGINE_E_STALE;
        case STORE_E_INVALID:
        case STORE_E_EXISTS:
                return ENGINE_E_INVALID;
        case STORE_E_NOTHING:
                return ENGINE_E_NOTHING_DUE;
        case STORE_E_CLOCK:
                return ENGINE_E_CLOCK;
        default:
                return ENGINE_E_STORE;
        }
}

static usec_t due_real(Engine *e, const Card *card) {
        if (card->sched.due_ms != CARD_NO_MS)
                return real_of_ms(card->sched.due_ms);
        if (card->sched.due_day == CARD_NO_DAY)
                return 0;
        return day_start(zone_of(e), card->sched.due_day, (int) e->conf->day_starts_min);
}

/* A grade through the one door; tells policy and bus, but not the machine. */
static int grade_commit(Engine *e, int64_t card, uint64_t revision, unsigned grade,
                        uint32_t took_ms, bool in_notification, Card *ret_card, char **ret_interval,
                        char **ret_problem) {
        char interval[16];
        int r;

        *ret_problem = NULL;
        if (!grade_valid(grade))
                return refuse(ENGINE_E_INVALID, ret_problem, BAD_GRADE);

        r = grade_once(e, card, revision, grade, took_ms, ret_card);
        if (r != 0) {
                if (r < 0 || engine_code(r) == ENGINE_E_STORE)
                        log_error("Failed to save the grade of card %" PRIi64 ": %s", card,
                                  store_error(e->store));
                *ret_problem = strdup(store_error(e->store));
                return engine_code(r);
        }

        e->last_card = card;
        interval_text(&e->when, &ret_card->sched, interval);
        if (ret_interval)
                *ret_interval = strdup(interval);

        if (e->handler && e->handler->graded)
                e->handler->graded(e, card, grade, due_real(e, ret_card), in_notification,
                                   e->userdata);
        remind_event(e, (RemindEvent){ .kind = REMIND_REVIEWED });
        recount(e);
        return 0;
}

static void do_grade(Engine *e, unsigned grade, uint32_t took_ms) {
        Card after;

        e->grade_interval = (free(e->grade_interval), NULL);
        e->grade_problem = (free(e->grade_problem), NULL);
        e->grade_result = grade_commit(e, e->ask.card, e->ask.revision, grade, took_ms, true,
                                       &after, &e->grade_interval, &e->grade_problem);

        switch (e->grade_result) {
        case 0:
                ask_event(e, (AskEvent){ .kind = ASK_GRADED });
                break;
        case ENGINE_E_STALE:
        case ENGINE_E_NO_SUCH:
        case ENGINE_E_INVALID: /* suspended meanwhile */
                ask_event(e, (AskEvent){ .kind = ASK_STALE });
                break;
        default:
                ask_event(e, (AskEvent){ .kind = ASK_NOT_SAVED });
                break;
        }
}

static const struct {
        RemindGone how;
        const char *sentence;
} gone_sentences[] = {
        [REMIND_GONE_DONE] = { REMIND_GONE_DONE, NULL },
        [REMIND_GONE_DISMISSED] = { REMIND_GONE_DISMISSED, "Sent away: you closed the card." },
        [REMIND_GONE_EXPIRED] = { REMIND_GONE_EXPIRED,
                                  "Left unanswered: the card was taken off the screen." },
        [REMIND_GONE_LATER] = { REMIND_GONE_LATER, "Put off: you said later; the next slot asks." },
        [REMIND_GONE_NOT_TODAY] = { REMIND_GONE_NOT_TODAY, "Put off: you said not today." },
        [REMIND_GONE_TAKEN] = { REMIND_GONE_TAKEN, "Taken off the screen: hushed." },
};

/* Nothing is on screen any more. */
static void gone(Engine *e, RemindGone how) {
        if (gone_sentences[how].sentence)
                decision_add(e, false, remind_kinds[e->remind.on_screen_kind],
                             gone_sentences[how].sentence);
        e->leaving = REMIND_GONE_DISMISSED;
        remind_event(e, (RemindEvent){ .kind = REMIND_GONE, .how = how });
        remember(e);
}

static void carry_out(Engine *e, const AskEffect *fx) {
        switch (fx->kind) {
        case ASK_DO_FETCH:
                do_fetch(e);
                break;
        case ASK_DO_SHOW_QUESTION:
                show_question(e);
                break;
        case ASK_DO_SHOW_ANSWER:
                show_answer(e, NULL);
                break;
        case ASK_DO_SHOW_PROBLEM:
                show_answer(e, e->grade_problem ? e->grade_problem
                                                : "the collection cannot be written.");
                break;
        case ASK_DO_SHOW_CLOSING:
                show_closing(e);
                break;
        case ASK_DO_CLOSE:
                notifier_close(e->notifier);
                break;
        case ASK_DO_GRADE:
                do_grade(e, fx->grade, fx->took_ms);
                break;
        case ASK_DO_DISMISSED:
                gone(e, e->leaving);
                break;
        case ASK_DO_EXPIRED:
                gone(e, REMIND_GONE_EXPIRED);
                break;
        case ASK_DO_FINISHED:
                gone(e, REMIND_GONE_DONE);
                break;
        }
}

static void ask_event(Engine *e, AskEvent ev) {
        AskConfig config = {
                .batch = e->batch ? e->batch : e->conf->batch,
                .card_timeout = e->conf->card_timeout_s * USEC_PER_SEC,
                .closing_expire = CLOSING_EXPIRE_MS * USEC_PER_MSEC,
        };
        AskPhase before = e->ask.phase;
        AskEffects fx;

        ask_step(&e->ask, &config, clock_now_boot(), &ev, &fx);
        arm(e->ask_timer, e->ask.deadline_boot);

        /* An effect may bring the next event: the depth is that of one card, grade to question. */
        for (unsigned i = 0; i < fx.n; i++)
                carry_out(e, &fx.list[i]);

        if (e->ask.phase == ASK_IDLE)
                forget_card(e);
        if (e->ask.phase != before)
                changed(e);
}

static bool text_hidden(const Engine *e) {
        return e->conf->text == CONF_TEXT_COUNT ||
               (e->conf->text == CONF_TEXT_CAREFUL && e->discreet);
}

static void begin_batch(Engine *e, int64_t deck, bool called) {
        if (called) {
                e->batch = 0;
                e->back = e->discreet = false;
        }
        e->leaving = REMIND_GONE_DISMISSED;
        remind_event(e, (RemindEvent){ .kind = REMIND_SHOWN, .called = called });
        remember(e);

        if (text_hidden(e)) {
                show_notice(e);
                return;
        }

        e->batch_deck = deck;
        ask_event(e, (AskEvent){ .kind = ASK_BEGIN, .available = e->counts.due });
}

/* ---- what the notifier tells ----------------------------------------------------------------- */

static void on_server(const ServerInfo *info, void *userdata) {
        Engine *e = userdata;
        char *name = NULL;

        if (info) {
                name = text_format("%s %s", info->name, info->version);
                if (!name)
                        return;
        }
        free(e->server);
        e->server = name;
        changed(e);
}

static bool notice_ends(Engine *e, uint64_t generation, RemindGone how) {
        if (e->notice == 0 || generation != e->notice)
                return false;

        e->notice = 0;
        notifier_close(e->notifier);
        gone(e, how);
        changed(e);
        return true;
}

/* Why the card goes is not the machine's business on screen, but that of the reminders. */
static void leave(Engine *e, RemindGone how, AskEvent ev) {
        e->leaving = how;
        ask_event(e, ev);
        e->leaving = REMIND_GONE_DISMISSED;
}

static void on_action(uint64_t generation, const char *key, void *userdata) {
        Engine *e = userdata;
        AskEvent ev = { .generation = (uint32_t) generation };
        RemindGone how = strcmp(key, "later") == 0       ? REMIND_GONE_LATER
                         : strcmp(key, "not-today") == 0 ? REMIND_GONE_NOT_TODAY
                                                         : REMIND_GONE_DONE;

        if (notice_ends(e, generation, how))
                return;

        if (strcmp(key, "show") == 0)
                ev.kind = ASK_SHOW;
        else if (how != REMIND_GONE_DONE)
                ev.kind = ASK_LATER;
        else if (strcmp(key, "default") == 0)
                ev.kind = ASK_DEFAULT;
        else {
                for (unsigned i = 0; i < GRADE_COUNT; i++)
                        if (strcmp(key, grade_keys[i]) == 0)
                                ev.grade = i + 1;
                if (ev.grade == 0)
                        return; /* nothing we ever offered */
                ev.kind = ASK_GRADE;
        }
        leave(e, how, ev);
}

static void on_closed(uint64_t generation, NotifierClosedReason reason, void *userdata) {
        Engine *e = userdata;

        RemindGone how =
                reason == NOTIFIER_CLOSED_DISMISSED ? REMIND_GONE_DISMISSED : REMIND_GONE_EXPIRED;

        if (!notice_ends(e, generation, how))
                leave(e, how,
                      (AskEvent){ .kind = ASK_CLOSED, .generation = (uint32_t) generation });
}

static void on_error(const char *sentence, void *userdata) {
        log_warning("%s", sentence);
}

static const NotifierHandler notifier_handler = {
        .on_server = on_server,
        .on_action = on_action,
        .on_closed = on_closed,
        .on_error = on_error,
};

static void on_server_present(bool present, void *userdata) {
        Engine *e = userdata;

        ask_event(e, (AskEvent){ .kind = present ? ASK_SERVER_UP : ASK_SERVER_GONE });
        remind_event(e, (RemindEvent){ .kind = REMIND_SERVER, .server = present });
}

/* ---- presence -------------------------------------------------------------------------------- */

static RemindFact remind_fact(const Engine *e, PresenceFact fact) {
        switch (presence_value(e->presence, fact)) {
        case PRESENCE_NO:
                return REMIND_NO;
        case PRESENCE_YES:
                return REMIND_YES;
        case PRESENCE_UNKNOWN:
                break;
        }
        return REMIND_UNKNOWN;
}

static void on_presence(void *userdata) {
        Engine *e = userdata;
        RemindFacts facts = {
                .active = remind_fact(e, PRESENCE_ACTIVE),
                .locked = remind_fact(e, PRESENCE_LOCKED),
                .idle = remind_fact(e, PRESENCE_IDLE),
                .dnd = remind_fact(e, PRESENCE_DND),
                .presenting = remind_fact(e, PRESENCE_PRESENTING),
        };

        /* Until the machine is back nobody is in front of it; then it settles as after a return. */
        if (remind_fact(e, PRESENCE_ASLEEP) == REMIND_YES)
                facts.active = REMIND_NO;

        e->presence_serial++;
        changed(e);
        remind_event(e, (RemindEvent){ .kind = REMIND_PRESENCE, .facts = facts });
}

bool engine_presence(Engine *e, size_t index, EnginePresence *ret) {
        if (index >= PRESENCE_FACTS)
                return false;

        *ret = (EnginePresence){
                .fact = presence_fact_name(index),
                .value = presence_value_name(presence_value(e->presence, index)),
                .source = presence_source(e->presence, index),
        };
        return true;
}

uint32_t engine_presence_serial(const Engine *e) {
        return e->presence_serial;
}

int engine_watch_server(Engine *e, sd_bus *bus) {
        int r;

        r = server_watch_new(bus, on_server_present, e, &e->watch);
        if (r < 0)
                return r;

        return presence_new(e->event, bus, on_presence, e, &e->presence);
}

/* ---- commands -------------------------------------------------------------------------------- */

int engine_grade(Engine *e, int64_t card, uint64_t revision, unsigned grade, uint32_t took_ms,
                 uint64_t *ret_revision, usec_t *ret_due_real, char **ret_interval,
                 char **ret_problem) {
        Card after;
        int r;

        r = grade_commit(e, card, revision, grade, took_ms, false, &after, ret_interval,
                         ret_problem);
        if (r != 0)
                return r;

        if (e->ask.card == card)
                ask_event(e, (AskEvent){ .kind = ASK_CHANGED });

        *ret_revision = after.revision;
        *ret_due_real = due_real(e, &after);
        return 0;
}

static bool card_up(const Engine *e) {
        return e->ask.phase == ASK_QUESTION || e->ask.phase == ASK_ANSWER;
}

int engine_popup(Engine *e, const char *deck, char **ret_problem) {
        const Deck *row;
        Card card;
        int64_t id = 0;
        int r;

        *ret_problem = NULL;

        if (deck[0] != '\0') {
                r = deck_by_name(e->store, deck, &row);
                if (r != 0) {
                        *ret_problem = text_format("There is no deck named \"%s\".", deck);
                        return r < 0 ? r : ENGINE_E_NO_SUCH;
                }
                id = row->id;
        }

        if (!e->ask.server)
                return refuse(
                        ENGINE_E_NO_SERVER, ret_problem,
                        "No notification server answers on this session bus. Review in the terminal with: ebb review");

        if (ask_is_busy(&e->ask))
                return 0; /* it is on screen already */

        e->when = engine_when(e);
        r = queue_pick(e->store, &e->when, id, 0, 0, &card);
        if (r == STORE_E_NOTHING)
                return refuse(ENGINE_E_NOTHING_DUE, ret_problem, "Nothing is due now.");
        if (r != 0)
                return refuse(engine_code(r), ret_problem, store_error(e->store));

        decision_add(e, true, "popup", "Asked: you called for a card.");
        begin_batch(e, id, true);
        return 0;
}

int engine_show_answer(Engine *e, char **ret_problem) {
        *ret_problem = NULL;
        if (!card_up(e))
                return refuse(ENGINE_E_NOTHING_ON_SCREEN, ret_problem,
                              "No card is on screen. Bring one with: ebb next --popup");

        ask_event(e, (AskEvent){ .kind = ASK_SHOW });
        return 0;
}

int engine_answer(Engine *e, unsigned grade, char **ret_interval, char **ret_problem) {
        *ret_problem = NULL;
        if (!card_up(e))
                return refuse(ENGINE_E_NOTHING_ON_SCREEN, ret_problem,
                              "No card is on screen. Bring one with: ebb next --popup");

        ask_event(e, (AskEvent){ .kind = ASK_GRADE, .grade = grade });
        if (e->grade_result != 0) {
                *ret_problem = TAKE_PTR(e->grade_problem);
                return e->grade_result;
        }
        *ret_interval = TAKE_PTR(e->grade_interval);
        return 0;
}

/* Takes off the screen whatever is there. */
static bool take_away(Engine *e, RemindGone how) {
        if (e->notice && notice_ends(e, e->notice, how))
                return true;
        if (!card_up(e))
                return false;

        leave(e, how, (AskEvent){ .kind = ASK_LATER });
        return true;
}

int engine_later(Engine *e, char **ret_problem) {
        *ret_problem = NULL;
        if (!take_away(e, REMIND_GONE_LATER))
                return refuse(ENGINE_E_NOTHING_ON_SCREEN, ret_problem, "No card is on screen.");
        return 0;
}

/* When a hush ends: "off" 0, "today" with the learner's day, "90m" then, "2026-12-01" as that day begins. */
static bool hush_until(Engine *e, const char *how, usec_t now_real, usec_t *ret_real) {
        int starts = (int) e->conf->day_starts_min, year, month, mday;
        int64_t seconds;

        if (strcmp(how, "off") == 0)
                *ret_real = 0;
        else if (strcmp(how, "today") == 0)
                *ret_real = real_of_ms(e->when.day_ends_ms);
        else if (parse_date(how, &year, &month, &mday) == 0) {
                CivilDate date = { year, month, mday };

                *ret_real = day_start(zone_of(e), civil_to_day(&date), starts);
                if (*ret_real <= now_real)
                        return false;
        } else if (parse_duration_s(how, &seconds) == 0 && seconds > 0 &&
                   seconds <= INT64_C(86400) * HUSH_DAYS_MAX)
                *ret_real = now_real + (usec_t) seconds * USEC_PER_SEC;
        else
                return false;
        return *ret_real <= now_real + HUSH_DAYS_MAX * USEC_PER_DAY;
}

int engine_hush(Engine *e, const char *how, usec_t *ret_until_real, char **ret_problem) {
        usec_t now_real = clock_now_real(), until_real;

        *ret_problem = NULL;
        e->when = engine_when(e);
        if (!hush_until(e, how, now_real, &until_real)) {
                *ret_problem = text_format(
                        "Reminders are hushed for a time (90m, 3d), until a date to come (2026-12-01), "
                        "for \"today\" or \"off\", and for a year at most; not for \"%.100s\".",
                        how);
                return *ret_problem ? ENGINE_E_INVALID : -ENOMEM;
        }

        if (until_real > 0)
                (void) take_away(e, REMIND_GONE_TAKEN);
        remind_event(e, (RemindEvent){ .kind = REMIND_HUSH, .until_real = until_real });
        remember(e);
        changed(e);
        *ret_until_real = until_real;
        return 0;
}

usec_t engine_hushed_until(Engine *e) {
        return e->remind.hush_until_real > clock_now_real() ? e->remind.hush_until_real : 0;
}

void engine_collection_changed(Engine *e) {
        Card now;

        recount(e);
        if (!card_up(e))
                return;

        /* Edited, suspended, graded or undone: what is on screen is not the card any more. */
        if (card_get(e->store, e->ask.card, &now) != 0 || now.revision != e->ask.revision)
                ask_event(e, (AskEvent){ .kind = ASK_CHANGED });
}

void engine_time_changed(Engine *e) {
        presence_refresh(e->presence);
        load_zone(e);
        e->remind_config.zone = zone_of(e);
        remind_event(e, (RemindEvent){ .kind = REMIND_ZONE });
        recount(e);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void take_conf(Engine *e, const Conf *conf) {
        RemindConfig *c = &e->remind_config;

        e->conf = conf;
        load_zone(e);
        memset(c, 0, sizeof(*c));
        c->enabled = conf->remind;
        c->learning = conf->learning;
        c->fade = conf->fade;
        c->weekday = conf->slots;
        c->weekend = conf->slots_weekend;
        c->slot_window = conf->slot_window_s * USEC_PER_SEC;
        c->quiet_from_min = conf->quiet_from_min;
        c->quiet_until_min = conf->quiet_until_min;
        c->budget = conf->budget;
        c->total_budget = conf->total_budget;
        c->min_gap = conf->min_gap_s * USEC_PER_SEC;
        c->min_due = conf->min_due;
        c->overdue_any = conf->overdue_any_s * USEC_PER_SEC;
        c->settle = conf->settle_s * USEC_PER_SEC;
        c->engaged = conf->engaged_s * USEC_PER_SEC;
        c->catchup = conf->catchup;
        c->pace = conf->pace_s * USEC_PER_SEC;
        c->pace_from_min = conf->pace_from_min;
        c->pace_until_min = conf->pace_until_min;
        memcpy(c->holidays, conf->holidays, sizeof(c->holidays));
        c->n_holidays = conf->n_holidays;
        c->day_starts_min = (int) conf->day_starts_min;
        c->zone = zone_of(e);
}

void engine_set_conf(Engine *e, const Conf *conf) {
        RemindConfig before = e->remind_config;

        take_conf(e, conf);
        presence_refresh(e->presence);
        before.zone = e->remind_config.zone; /* loaded anew, whether it is another or not */
        remind_event(e, (RemindEvent){ .kind = memcmp(&before, &e->remind_config, sizeof(before))
                                                       ? REMIND_CONFIG
                                                       : REMIND_ZONE });
        recount(e);
}

void engine_set_store(Engine *e, Store *store) {
        e->store = store;
        e->last_card = 0;
        engine_collection_changed(e);
}

int engine_new(sd_event *event, Store *store, const Conf *conf, const char *notify_path,
               const EngineHandler *handler, void *userdata, Engine **ret) {
        _cleanup_(engine_freep) Engine *e = NULL;
        int r;

        e = calloc(1, sizeof(*e));
        if (!e)
                return -ENOMEM;

        e->event = sd_event_ref(event);
        e->store = store;
        e->handler = handler;
        e->userdata = userdata;
        e->leaving = REMIND_GONE_DISMISSED;
        ask_init(&e->ask);
        remind_init(&e->remind);
        take_conf(e, conf);

        r = notifier_new(event, notify_path, &notifier_handler, e, &e->notifier);
        if (r < 0)
                return r;

        /* Reminders may be a little late: the kernel can wake up once for many. */
        r = sd_event_add_time(event, &e->ask_timer, CLOCK_BOOTTIME, 0, USEC_PER_SEC / 4,
                              on_ask_timer, e);
        if (r >= 0)
                r = sd_event_add_time(event, &e->remind_timer, CLOCK_REALTIME, 0, USEC_PER_SEC,
                                      on_remind_timer, e);
        if (r >= 0)
                r = sd_event_add_time(event, &e->count_timer, CLOCK_REALTIME, 0, USEC_PER_SEC,
                                      on_count_timer, e);
        if (r < 0)
                return r;

        arm(e->ask_timer, USEC_INFINITY);
        arm(e->remind_timer, USEC_INFINITY);
        arm(e->count_timer, USEC_INFINITY);

        *ret = TAKE_PTR(e);
        return 0;
}

int engine_start(Engine *e) {
        RemindEvent start = { .kind = REMIND_START };
        int64_t reviewed_ms = 0;
        int r;

        e->started = true;
        e->when = engine_when(e);
        e->remind_kept_day = e->when.today_day;

        r = remind_load(&e->remind, &e->remind_config, recall_number, e);
        if (r == 0)
                r = review_last(e->store, &reviewed_ms);
        if (r == 0)
                r = review_count_today(e->store, &e->when, &start.reviews);
        if (r != 0)
                store_failed(e, r, "recall the last reminders; one may come early");
        e->remind_kept = e->remind;

        start.last_review_real = real_of_ms(reviewed_ms);
        remind_event(e, start);
        recount(e);
        return 0;
}

Engine *engine_free(Engine *e) {
        if (!e)
                return NULL;

        remember(e);
        server_watch_free(e->watch);
        presence_free(e->presence);
        notifier_free(e->notifier);
        sd_event_source_disable_unref(e->ask_timer);
        sd_event_source_disable_unref(e->remind_timer);
        sd_event_source_disable_unref(e->count_timer);
        zone_free(e->zone);
        forget_card(e);
        free(e->server);
        free(e->problem);
        free(e->grade_interval);
        free(e->grade_problem);
        sd_event_unref(e->event);
        free(e);
        return NULL;
}

const EngineCounts *engine_counts(Engine *e) {
        return &e->counts;
}

const char *engine_on_screen(Engine *e) {
        switch (e->ask.phase) {
        case ASK_QUESTION:
                return "question";
        case ASK_ANSWER:
        case ASK_GRADING:
                return "answer";
        case ASK_CLOSING:
                return "notice";
        case ASK_IDLE:
        case ASK_FETCHING:
                break;
        }
        return e->notice ? "notice" : "idle";
}

const char *engine_server(Engine *e) {
        return e->server ? e->server : "";
}

const char *engine_problem(Engine *e) {
        return e->problem ? e->problem : "";
}
