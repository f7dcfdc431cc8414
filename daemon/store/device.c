/* Small numbers of this device, in the table meta beside what the store keeps there about itself. */
#include "store/device.h"

#include "store/internal.h"

enum { SQL_GET, SQL_SET };
static const Sql sql[] = {
        [SQL_GET] = { "SELECT value FROM meta WHERE key = 'device:' || ?" },
        [SQL_SET] = { "INSERT OR REPLACE INTO meta (key, value) VALUES ('device:' || ?, ?)" },
};

int device_get(Store *store, const char *key, int64_t fallback, int64_t *ret) {
        return stmt_int(store, &sql[SQL_GET], fallback, ret, "t", key);
}

int device_set(Store *store, const char *key, int64_t value) {
        int r;

        if (store->read_only)
                return STORE_E_READ_ONLY;

        /* A transaction of its own, so that an import that is writing makes way. */
        r = transaction_begin(store);
        if (r != 0)
                return r;

        r = stmt_exec(store, &sql[SQL_SET], "ti", key, value);
        if (r < 0) {
                transaction_rollback(store);
                return r;
        }
        return transaction_commit(store);
}
