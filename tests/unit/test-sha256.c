/* Vectors: FIPS 180-4 examples as published by NIST (CSRC, "SHA256.pdf"), and sha256sum(1). */
#include "util/sha256.h"

#include "tests/check.h"

static const char *hash_of(const char *text, size_t len, size_t piece) {
        static char hex[65];
        uint8_t digest[32];
        Sha256 s;

        sha256_init(&s);
        for (size_t i = 0; i < len; i += piece)
                sha256_add(&s, text + i, len - i < piece ? len - i : piece);
        sha256_finish(&s, digest);
        for (int i = 0; i < 32; i++)
                snprintf(hex + 2 * i, 3, "%02x", digest[i]);
        return hex;
}

TEST(published_vectors_hold)
{
        static const struct {
                const char *text, *hex;
        } rows[] = {
                { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
                { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
                { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                CHECK_STR(rows[i].hex, hash_of(rows[i].text, strlen(rows[i].text), 1000));
}

TEST(a_million_a_in_pieces_of_any_size)
{
        static char text[1000000];

        memset(text, 'a', sizeof(text));
        for (size_t piece = 1; piece < 2000000; piece = piece * 7 + 3)
                CHECK_STR("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
                          hash_of(text, sizeof(text), piece));
}

/* By sha256sum: lengths around where the padding needs a block of its own. */
TEST(padding_at_the_edges_of_a_block)
{
        static const struct {
                size_t n;
                const char *hex;
        } rows[] = {
                { 55, "d5e285683cd4efc02d021a5c62014694958901005d6f71e89e0989fac77e4072" },
                { 56, "04c26261370ee7541549d16dee320c723e3fd14671e66a099afe0a377c16888e" },
                { 63, "75220b47218278e656f2013bb8f0c455a25eaf01e86c64924e9d48d89776d6f2" },
                { 64, "7ce100971f64e7001e8fe5a51973ecdfe1ced42befe7ee8d5fd6219506b5393c" },
                { 65, "9537c5fdf120482f7d58d25e9ed583f52c02b4e304ea814db1633ad565aed7e9" },
                { 119, "000b48d4edf0fa7bee3c6236ecd2785baa5db4eeb8bb54341b029e0d9fa5fb0c" },
                { 120, "13f05a0b594787f5ecd315edc96141bd3243203d1b7d4f0836f37308b276ba98" },
        };
        char text[128];

        memset(text, 'x', sizeof(text));
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                CHECK_STR(rows[i].hex, hash_of(text, rows[i].n, 50));
}

CHECK_MAIN
