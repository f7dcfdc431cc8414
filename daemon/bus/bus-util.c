/* Reading arguments with limits, writing dictionaries, errors with their sentences. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bus/bus-private.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/text.h"

int bus_store_error(Bus *b, int code, const char *missing, sd_bus_error *error) {
        Store *store = b->parts.store;
        _cleanup_free_ char *sentence = strdup(store_error(store));
        const char *name = EBB_ERROR_STORE;
        int r;

        switch (code) {
        case STORE_E_NOT_FOUND:
        case STORE_E_NOTHING:
                name = missing;
                break;
        case STORE_E_STALE:
                name = EBB_ERROR_STALE;
                break;
        case STORE_E_INVALID:
                name = EBB_ERROR_INVALID;
                break;
        case STORE_E_EXISTS:
                name = EBB_ERROR_EXISTS;
                break;
        case STORE_E_CLOCK:
                name = EBB_ERROR_CLOCK;
                break;
        case STORE_E_UNSURE:
                r = store_recover(store, (int64_t) (clock_now_real() / USEC_PER_MSEC));
                if (r != 0)
                        log_error("Failed to open the collection again after an error: %s",
                                  store_error(store));
                bus_collection_changed(b);
                break;
        default:
                log_error("%s",
                          sentence && sentence[0] ? sentence : strerror(code < 0 ? -code : EIO));
                bus_changed(b);
                break;
        }

        if (!sentence || !sentence[0])
                return sd_bus_error_setf(error, name, "The collection cannot be used: %s.",
                                         strerror(code < 0 ? -code : EIO));
        return sd_bus_error_set(error, name, sentence);
}

int bus_engine_error(Bus *b, int code, const char *problem, const char *missing,
                     sd_bus_error *error) {
        const char *name = EBB_ERROR_STORE;

        switch (code) {
        case ENGINE_E_NOTHING_DUE:
                name = EBB_ERROR_NOTHING_DUE;
                break;
        case ENGINE_E_NOTHING_ON_SCREEN:
                name = EBB_ERROR_NOTHING_ON_SCREEN;
                break;
        case ENGINE_E_NO_SERVER:
                name = EBB_ERROR_NO_SERVER;
                break;
        case ENGINE_E_STALE:
                name = EBB_ERROR_STALE;
                break;
        case ENGINE_E_INVALID:
                name = EBB_ERROR_INVALID;
                break;
        case ENGINE_E_CLOCK:
                name = EBB_ERROR_CLOCK;
                break;
        case ENGINE_E_NO_SUCH:
                name = missing;
                break;
        default:
                log_error("%s", problem ? problem : strerror(code < 0 ? -code : EIO));
                break;
        }
        return sd_bus_error_set(error, name,
                                problem ? problem : "This cannot be done now, the log says why.");
}

int bus_read_ids(sd_bus_message *m, const int64_t **ret, size_t *ret_n, sd_bus_error *error) {
        const void *data;
        size_t size;
        int r;

        r = sd_bus_message_read_array(m, 'x', &data, &size);
        if (r < 0)
                return r;

        size /= sizeof(int64_t);
        if (size > BUS_IDS_MAX)
                return sd_bus_error_setf(error, EBB_ERROR_INVALID,
                                         "%zu numbers are too many for one call, %d are allowed.",
                                         size, BUS_IDS_MAX);

        *ret = data;
        *ret_n = size;
        return 0;
}

int bus_read_strings(sd_bus_message *m, const char ***ret, size_t *ret_n, sd_bus_error *error) {
        _cleanup_free_ const char **strings = calloc(BUS_TAGS_MAX, sizeof(*strings));
        const char *s;
        size_t n = 0;
        int r;

        if (!strings)
                return -ENOMEM;

        r = sd_bus_message_enter_container(m, 'a', "s");
        if (r < 0)
                return r;

        while ((r = sd_bus_message_read(m, "s", &s)) > 0) {
                if (n == BUS_TAGS_MAX)
                        return sd_bus_error_setf(error, EBB_ERROR_INVALID,
                                                 "More than %d strings are too many for one call.",
                                                 BUS_TAGS_MAX);
                strings[n++] = s;
        }
        if (r < 0)
                return r;

        r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(strings);
        *ret_n = n;
        return 0;
}

int bus_read_fields(sd_bus_message *m, FieldValue **ret, size_t *ret_n, sd_bus_error *error) {
        _cleanup_free_ FieldValue *fields = calloc(BUS_FIELDS_MAX, sizeof(*fields));
        FieldValue f;
        size_t n = 0;
        int r;

        if (!fields)
                return -ENOMEM;

        r = sd_bus_message_enter_container(m, 'a', "{ss}");
        if (r < 0)
                return r;

        while ((r = sd_bus_message_read(m, "{ss}", &f.name, &f.value)) > 0) {
                const char *problem = text_field_problem(f.value, strlen(f.value));

                if (n == BUS_FIELDS_MAX)
                        return sd_bus_error_setf(error, EBB_ERROR_INVALID,
                                                 "More than %d entries are too many for one call.",
                                                 BUS_FIELDS_MAX);
                if (problem)
                        return sd_bus_error_setf(error, EBB_ERROR_INVALID, "\"%.100s\" %s.", f.name,
                                                 problem);
                for (size_t i = 0; i < n; i++)
                        if (strcmp(fields[i].name, f.name) == 0)
                                return sd_bus_error_setf(error, EBB_ERROR_INVALID,
                                                         "\"%.100s\" is given twice.", f.name);
                fields[n++] = f;
        }
        if (r < 0)
                return r;

        r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(fields);
        *ret_n = n;
        return 0;
}

static int read_option(sd_bus_message *m, const BusOption *option, const char *contents) {
        char type[2] = { option->type, 0 };
        int r;

        if (strcmp(contents, type) != 0)
                return -EBADMSG;

        r = sd_bus_message_enter_container(m, 'v', type);
        if (r < 0)
                return r;

        r = sd_bus_message_read_basic(m, option->type, option->ret);
        if (r < 0)
                return r;

        return sd_bus_message_exit_container(m);
}

int bus_read_options(sd_bus_message *m, const BusOption *options, sd_bus_error *error) {
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        if (r < 0)
                return r;

        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                const BusOption *option = options;
                const char *key, *contents;

                r = sd_bus_message_read_basic(m, 's', &key);
                if (r < 0)
                        return r;

                while (option->key && strcmp(option->key, key) != 0)
                        option++;
                if (!option->key)
                        return sd_bus_error_setf(error, EBB_ERROR_INVALID,
                                                 "There is no option \"%.100s\".", key);

                r = sd_bus_message_peek_type(m, NULL, &contents);
                if (r < 0)
                        return r;

                r = read_option(m, option, contents);
                if (r == -EBADMSG)
                        return sd_bus_error_setf(
                                error, EBB_ERROR_INVALID,
                                "The option \"%s\" must be of type \"%c\", not \"%s\".", key,
                                option->type, contents);
                if (r < 0)
                        return r;

                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;

        return sd_bus_message_exit_container(m);
}

int bus_put_value(sd_bus_message *m, const char *key, const char *type, ...) {
        va_list ap;
        int r;

        r = sd_bus_message_open_container(m, 'e', "sv");
        if (r < 0)
                return r;

        r = sd_bus_message_append_basic(m, 's', key);
        if (r < 0)
                return r;

        r = sd_bus_message_open_container(m, 'v', type);
        if (r < 0)
                return r;

        va_start(ap, type);
        r = sd_bus_message_appendv(m, type, ap);
        va_end(ap);
        if (r < 0)
                return r;

        r = sd_bus_message_close_container(m);
        if (r < 0)
                return r;

        return bus_done(sd_bus_message_close_container(m));
}

int bus_put_text(sd_bus_message *m, const char *key, const char *value) {
        return bus_put_value(m, key, "s", value ? value : "");
}

int bus_open_array(sd_bus_message *m, const char *key, const char *element) {
        char type[32];
        int r;

        (void) snprintf(type, sizeof(type), "a%s", element);

        r = sd_bus_message_open_container(m, 'e', "sv");
        if (r < 0)
                return r;

        r = sd_bus_message_append_basic(m, 's', key);
        if (r < 0)
                return r;

        r = sd_bus_message_open_container(m, 'v', type);
        if (r < 0)
                return r;

        return sd_bus_message_open_container(m, 'a', element);
}

int bus_close_array(sd_bus_message *m) {
        int r = 0;

        /* The array, its variant, the entry. */
        for (int i = 0; i < 3 && r >= 0; i++)
                r = sd_bus_message_close_container(m);
        return bus_done(r);
}

int bus_check_grade(unsigned grade, sd_bus_error *error) {
        if (grade_valid(grade))
                return 0;
        return sd_bus_error_setf(error, EBB_ERROR_INVALID,
                                 "%u is no grade: 1 is Again, 2 Hard, 3 Good, 4 Easy.", grade);
}

usec_t bus_due_real(const When *when, const CardSched *sched) {
        int64_t ms;

        if (sched->state == CARD_NEW)
                return 0;
        if (sched->due_ms != CARD_NO_MS)
                ms = sched->due_ms;
        else if (sched->due_day != CARD_NO_DAY)
                ms = when->day_ends_ms +
                     ((int64_t) sched->due_day - when->today_day - 1) * MSEC_PER_DAY;
        else
                return 0;
        return ms > 0 ? (usec_t) ms * USEC_PER_MSEC : 0;
}
