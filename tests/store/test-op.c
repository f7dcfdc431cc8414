/* Lines of the log, and clocks and identities. */
#include "ops.h"

#include <errno.h>

#include "util/sha256.h"

CHECK_MAIN

#define UUID "0194c1f0-a2b3-7abc-8def-0123456789ab"

TEST(a_clock_reads_as_its_milliseconds_and_counter)
{
        char text[HLC_TEXT_SIZE];
        uint64_t hlc;

        hlc_format(UINT64_C(0x0194c1f0a2b3) << 16 | 0x002a, text);
        CHECK_STR("0194c1f0a2b3-002a", text);
        CHECK_INT(0, hlc_parse(text, &hlc));
        CHECK(hlc == (UINT64_C(0x0194c1f0a2b3) << 16 | 0x002a));
        CHECK(hlc_parse("0194c1f0a2b3-002A", &hlc) < 0);
        CHECK(hlc_parse("0194c1f0a2b3+002a", &hlc) < 0);
        CHECK(hlc_parse("ffffffffffff-0000", &hlc) < 0);
        CHECK(hlc_parse("", &hlc) < 0);
}

TEST(a_new_stamp_is_above_the_last_and_what_was_seen)
{
        CHECK(hlc_next(1000, 0, 0) == UINT64_C(1000) << 16);
        CHECK(hlc_next(1000, UINT64_C(1000) << 16, 0) == (UINT64_C(1000) << 16) + 1);
        CHECK(hlc_next(1000, UINT64_C(5000) << 16, 0) == (UINT64_C(5000) << 16) + 1);
        CHECK(hlc_next(1000, 7, UINT64_C(9000) << 16) == (UINT64_C(9000) << 16) + 1);
        CHECK(hlc_next(9999, 7, UINT64_C(9000) << 16) == UINT64_C(9999) << 16);
}

TEST(identities_have_their_version_and_variant)
{
        uint8_t bytes[16],
                random[10] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
        uint8_t again[16];
        char text[UUID_TEXT_SIZE];

        uuid_v7(INT64_C(0x0194c1f0a2b3), random, bytes);
        uuid_format(bytes, text);
        CHECK_STR("0194c1f0-a2b3-7fff-bfff-ffffffffffff", text);
        CHECK_INT(0, uuid_parse(text, again));
        CHECK(memcmp(bytes, again, 16) == 0);
        CHECK(uuid_parse("0194C1F0-a2b3-7fff-bfff-ffffffffffff", again) < 0);
        CHECK(uuid_parse("0194c1f0a2b3-7fff-bfff-ffffffffffff-", again) < 0);
        CHECK(uuid_parse("0194c1f0-a2b3-7fff-bfff-fffffffffff", again) < 0);
}

TEST(a_line_is_read_and_written_alike)
{
        static const struct {
                const char *line;
                int answer;
        } rows[] = {
                { "{\"s\":16,\"h\":\"0194c1f0a2b3-0000\",\"k\":\"tag\",\"a\":15,\"t\":\"" UUID
                  "\",\"p\":{\"tag\":\"verb\",\"on\":true}}",
                  0 },
                { "{\"s\":17,\"h\":\"0194c1f0a2b3-0001\",\"k\":\"review\",\"c\":\"" UUID
                  "/0\",\"at\":1763924400123,\"tz\":60,\"ds\":240,\"g\":3,\"ms\":4210,\"m\":0,\"w\":2,\"n\":5,"
                  "\"st\":2,\"sp\":0,\"i\":12}",
                  0 },
                { "{\"s\":1,\"h\":\"0194c1f0a2b3-0000\",\"k\":\"review.undo\",\"t\":\"k7q2m9xa4d0nb3yc/16/"
                  "00c0ffee\",\"p\":{}}",
                  0 },
                { "{\"s\":1,\"h\":\"0194c1f0a2b3-0000\",\"k\":\"from.the.future\",\"t\":\"any thing\",\"p\":{}}",
                  0 },
                { "{\"s\":1,\"h\":\"0194c1f0a2b3-0000\",\"k\":\"card.flag\",\"t\":\"" UUID
                  "/12\",\"p\":{\"flag\":1}}",
                  0 },
                /* what is not such a line */
                { "", -EBADMSG },
                { "[]", -EBADMSG },
                { "{}", -EBADMSG },
                { "{\"s\":0,\"h\":\"0194c1f0a2b3-0000\",\"k\":\"undo\",\"p\":{}}", -EBADMSG },
                { "{\"s\":-1,\"h\":\"0194c1f0a2b3-0000\",\"k\":\"undo\",\"p\":{}}", -EBADMSG },
                { "{\"s\":1,\"h\":\"0194c1f0a2b3\",\"k\":\"undo\",\"p\":{}}", -EBADMSG },
                { "{\"s\":1,\"h\":\"0194c1f0a2b3-0000\",\"k\":\"\",\"p\":{}}", -EBADMSG },
                { "{\"s\":1,\"h\":\"0194c1f0a2b3-0000\",\"k\":\"undo\",\"p\":[]}", -EBADMSG },
                { "{\"s\":1,\"h\":\"0194c1f0a2b3-0000\",\"k\":\"undo\"}", -EBADMSG },
                { "{\"s\":1,\"h\":\"0194c1f0a2b3-0000\",\"k\":\"undo\",\"a\":2,\"p\":{}}",
                  -EBADMSG },
                { "{\"s\":1,\"h\":\"0194c1f0a2b3-0000\",\"k\":\"undo\",\"a\":1,\"p\":{}}",
                  -EBADMSG },
                { "{\"h\":\"0194c1f0a2b3-0000\",\"s\":1,\"k\":\"undo\",\"p\":{}}", -EBADMSG },
                { "{\"s\":1, \"h\":\"0194c1f0a2b3-0000\",\"k\":\"undo\",\"p\":{}}", -EBADMSG },
                { "{\"s\":1,\"h\":\"0194c1f0a2b3-0000\",\"k\":\"undo\",\"p\":{},\"x\":1}",
                  -EBADMSG },
                { "{\"s\":1,\"h\":\"0194c1f0a2b3-0000\",\"k\":\"tag\",\"t\":\"no uuid\",\"p\":{}}",
                  -EBADMSG },
                { "{\"s\":1,\"h\":\"0194c1f0a2b3-0000\",\"k\":\"tag\",\"p\":{}}", -EBADMSG },
                { "{\"s\":1,\"h\":\"0194c1f0a2b3-0000\",\"k\":\"card.flag\",\"t\":\"" UUID
                  "/65536\",\"p\":{}}",
                  -EBADMSG },
                { "{\"s\":1,\"h\":\"0194c1f0a2b3-0000\",\"k\":\"card.flag\",\"t\":\"" UUID
                  "/01\",\"p\":{}}",
                  -EBADMSG },
                { "{\"s\":1,\"h\":\"0194c1f0a2b3-0000\",\"k\":\"review.undo\",\"t\":\"k7q2m9xa4d0nb3yc/16/c0ffee\",\"p\":{}}",
                  -EBADMSG },
                { "{\"s\":17,\"h\":\"0194c1f0a2b3-0001\",\"k\":\"review\",\"c\":\"" UUID
                  "/0\",\"at\":1763924400123,\"tz\":60,\"ds\":240,\"g\":5,\"ms\":4210,\"m\":0,\"w\":2,\"n\":5,"
                  "\"st\":2,\"sp\":0,\"i\":12}",
                  -EBADMSG },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ void *memory = NULL;
                _cleanup_free_ char *again = NULL;
                uint8_t digest[32];
                Sha256 sha;
                Op op;
                int r = op_parse("k7q2m9xa4d0nb3yc", rows[i].line, strlen(rows[i].line), &op,
                                 &memory);

                if (r != rows[i].answer)
                        CHECK_FAIL("%d for %s", r, rows[i].line);
                if (r != 0)
                        continue;
                REQUIRE(op_format(&op, &again, NULL) == 0);
                CHECK_STR(rows[i].line, again);
                sha256_init(&sha);
                sha256_add(&sha, again, strlen(again));
                sha256_finish(&sha, digest);
                CHECK_INT((uint32_t) digest[0] << 24 | (uint32_t) digest[1] << 16 |
                                  (uint32_t) digest[2] << 8 | digest[3],
                          op.hash);
        }
}

TEST(the_log_of_a_store_read_into_another_gives_the_same_collection)
{
        Fixture f = fixture_new(), g = fixture_new();
        _cleanup_free_ char *one = NULL, *two = NULL;
        FieldValue options[] = { { "desired-retention", "0.85" } };
        char *what = NULL;

        add_basic(&f, "q", "a");
        add_basic(&f, "q2", "a2");
        CHECK_INT(0, grade_now(&f, 1, GRADE_GOOD));
        CHECK_INT(0, grade_now(&f, 2, GRADE_EASY));
        CHECK_INT(0, commands_card_move(f.store, &f.when, (int64_t[]){ 2 }, 1, "A::B", NULL));
        CHECK_INT(0, commands_preset_put(f.store, &f.when, "Default", options, 1));
        CHECK_INT(0, commands_undo(f.store, &f.when, &what));
        free(what);

        /* By the numbers alone, as a device would find them in files. */
        for (int64_t seq = 1;; seq++) {
                _cleanup_free_ char *line = NULL;
                _cleanup_free_ void *memory = NULL;
                size_t len;
                Op op;
                int r = op_read(f.store, store_writer(f.store), seq, &line, &len);

                if (r == STORE_E_NOT_FOUND)
                        break;
                REQUIRE(r == 0);
                REQUIRE(op_parse(store_writer(f.store), line, len, &op, &memory) == 0);
                REQUIRE(transaction_begin(g.store) == 0);
                CHECK_INT(0, fold_apply(g.store, &op));
                CHECK_INT(0, transaction_commit(g.store));
        }
        one = digest_of(f.store);
        two = digest_of(g.store);
        CHECK_STR(one, two);
        fixture_done(&f);
        fixture_done(&g);
}
