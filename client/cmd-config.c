/*
 * The configuration as the daemon has it. It is changed in the file, not here.
 */
#include "client/cmd.h"

#include <stdio.h>

#include "client/out.h"

int cmd_config(Cmd *cmd) {
        static const OutColumn columns[] = {
                { "option", "Option", OUT_TEXT, 0 },
                { "value", "Value", OUT_TEXT, 1, true },
                { "default", "Default", OUT_TEXT, 2, true },
                { "where", "Where", OUT_TEXT, 3, true },
        };
        _cleanup_(reply_freep) Reply *reply = NULL;

        if (call(&cmd->call, EBB_IF_MANAGER, "GetConfig", &reply, NULL) < 0)
                return call_failed(&cmd->call);

        out_rows(out_mode(cmd_has(cmd, OPT_JSON)), columns, ELEMENTS(columns), reply_arg(reply, 0),
                 true, true);
        return CMD_OK;
}

int cmd_config_check(Cmd *cmd) {
        if (call(&cmd->call, EBB_IF_MANAGER, "Reload", NULL, NULL) < 0)
                return call_failed(&cmd->call);

        if (out_is_terminal())
                printf("The configuration is without mistakes and in use.\n");
        return CMD_OK;
}
