/*
 * One pass over the candidates, the best of each kind kept; then one decision between kinds.
 */
#include "core/queue.h"

#include <math.h>

#include "core/fsrs.h"
#include "core/interval.h"

typedef enum Kind {
        KIND_LEARNING,     /* within the day */
        KIND_LEARNING_DAY, /* by day */
        KIND_REVIEW,
        KIND_NEW,
        KIND_AHEAD, /* learning that is not due yet */
        KIND_COUNT,
        KIND_NONE = KIND_COUNT,
} Kind;

/* Smaller comes first: by group, then by key, then by the card's id. */
typedef struct Rank {
        int64_t group;
        double key;
        int64_t card;
} Rank;

typedef struct Best {
        size_t index;
        Rank rank;
} Best;

/* The candidates of one deck share a preset, and mostly come together: derive its weights once. */
typedef struct Model {
        const Preset *preset;
        FsrsParams params;
} Model;

static double risk(const Model *model, double stability_days, int32_t last_day, int32_t today) {
        double elapsed = fmax((double) today - last_day, 0);

        if (!(stability_days > 0) || last_day == CARD_NO_DAY)
                return INFINITY;
        return (1 - fsrs_retrievability(&model->params, elapsed, stability_days)) /
               (1 - model->preset->desired_retention);
}

static void model_use(Model *model, const Preset *preset) {
        if (model->preset == preset)
                return;
        *model = (Model){ preset, fsrs_params(preset->w, preset->short_term) };
}

double queue_risk(const Preset *preset, double stability_days, int32_t last_day, int32_t today) {
        Model model = { 0 };

        model_use(&model, preset);
        return risk(&model, stability_days, last_day, today);
}

static Kind kind_of(const QueueContext *context, const QueueCard *card) {
        const QueueLimit *limit =
                card->limit < context->n_limits ? &context->limits[card->limit] : NULL;

        switch (card->state) {
        case CARD_NEW:
                return limit && limit->new_left == 0 ? KIND_NONE : KIND_NEW;
        case CARD_REVIEW:
                if (limit && limit->reviews_left == 0)
                        return KIND_NONE;
                return card->due_day != CARD_NO_DAY && card->due_day <= context->now.day
                               ? KIND_REVIEW
                               : KIND_NONE;
        case CARD_LEARNING:
        case CARD_RELEARNING:
                if (card->due_ms == CARD_NO_MS)
                        return card->due_day != CARD_NO_DAY && card->due_day <= context->now.day
                                       ? KIND_LEARNING_DAY
                                       : KIND_NONE;
                if (card->due_ms <= context->now.at_ms)
                        return KIND_LEARNING;
                return card->due_ms <= context->now.at_ms + context->learn_ahead_ms ? KIND_AHEAD
                                                                                    : KIND_NONE;
        }
        return KIND_NONE;
}

static double random_key(const QueueContext *context, const QueueCard *card) {
        return (double) (interval_mix(context->seed, (uint64_t) card->card) >> 11);
}

static Rank review_rank(const QueueContext *context, const QueueCard *card, Model *model) {
        Rank rank = { .card = card->card };

        switch (context->review_order) {
        case REVIEW_ORDER_RISK:
                model_use(model, card->preset);
                rank.key = -risk(model, card->stability_days, card->last_day, context->now.day);
                break;
        case REVIEW_ORDER_DECK:
                rank.group = card->deck;
                rank.key = card->due_day;
                break;
        case REVIEW_ORDER_DUE:
                rank.key = card->due_day;
                break;
        case REVIEW_ORDER_RANDOM:
                rank.key = random_key(context, card);
                break;
        }
        return rank;
}

static Rank new_rank(const QueueContext *context, const QueueCard *card) {
        Rank rank = { .card = card->card };

        switch (context->new_order) {
        case NEW_ORDER_DECK:
                rank.group = card->deck;
                rank.key = (double) card->position;
                break;
        case NEW_ORDER_POSITION:
                rank.key = (double) card->position;
                break;
        case NEW_ORDER_RANDOM:
                rank.key = random_key(context, card);
                break;
        }
        return rank;
}

static Rank rank_of(const QueueContext *context, const QueueCard *card, Kind kind, Model *model) {
        switch (kind) {
        case KIND_LEARNING:
        case KIND_AHEAD:
                return (Rank){ .key = (double) card->due_ms, .card = card->card };
        case KIND_LEARNING_DAY:
                return (Rank){ .key = card->due_day, .card = card->card };
        case KIND_REVIEW:
                return review_rank(context, card, model);
        case KIND_NEW:
                return new_rank(context, card);
        case KIND_NONE:
                break;
        }
        return (Rank){ 0 };
}

static bool comes_before(const Rank *a, const Rank *b) {
        if (a->group != b->group)
                return a->group < b->group;
        if (a->key != b->key)
                return a->key < b->key;
        return a->card < b->card;
}

static bool was_just_asked(const QueueContext *context, const QueueCard *card) {
        return card->last_ms != CARD_NO_MS && card->last_ms <= context->now.at_ms &&
               context->now.at_ms - card->last_ms < QUEUE_REPEAT_MS;
}

/*
 * Evenly: the kind that is less far along its share of the day comes next, each card counted at its
 * middle, so that neither kind begins in a block.
 */
static bool new_is_next(const QueueContext *context, uint32_t new_waiting,
                        uint32_t reviews_waiting) {
        uint64_t new_all = (uint64_t) context->new_done + new_waiting;
        uint64_t reviews_all = (uint64_t) context->reviews_done + reviews_waiting;

        switch (context->new_mix) {
        case NEW_MIX_EVENLY:
                return (2 * (uint64_t) context->new_done + 1) * reviews_all <
                       (2 * (uint64_t) context->reviews_done + 1) * new_all;
        case NEW_MIX_AFTER_REVIEWS:
                return false;
        case NEW_MIX_BEFORE_REVIEWS:
                return true;
        }
        return false;
}

static size_t choose(const QueueContext *context, const Best best[static KIND_COUNT],
                     uint32_t new_waiting, uint32_t reviews_waiting) {
        size_t fresh = best[KIND_NEW].index, review = best[KIND_REVIEW].index;

        if (best[KIND_LEARNING].index != QUEUE_NONE)
                return best[KIND_LEARNING].index;
        if (best[KIND_LEARNING_DAY].index != QUEUE_NONE)
                return best[KIND_LEARNING_DAY].index;
        if (fresh != QUEUE_NONE && review != QUEUE_NONE)
                return new_is_next(context, new_waiting, reviews_waiting) ? fresh : review;
        if (review != QUEUE_NONE)
                return review;
        if (fresh != QUEUE_NONE)
                return fresh;
        return best[KIND_AHEAD].index;
}

size_t queue_next(const QueueContext *context, const QueueCard *cards, size_t n) {
        Best best[2][KIND_COUNT]; /* [just asked][kind] */
        uint32_t waiting[KIND_COUNT] = { 0 };
        uint32_t new_waiting, reviews_waiting;
        Model model = { 0 };
        size_t next;

        for (size_t i = 0; i < 2; i++)
                for (size_t k = 0; k < KIND_COUNT; k++)
                        best[i][k] = (Best){ .index = QUEUE_NONE };

        for (size_t i = 0; i < n; i++) {
                Kind kind = kind_of(context, &cards[i]);
                Best *b;
                Rank rank;

                if (kind == KIND_NONE)
                        continue;

                waiting[kind]++;
                b = &best[was_just_asked(context, &cards[i])][kind];
                rank = rank_of(context, &cards[i], kind, &model);
                if (b->index == QUEUE_NONE || comes_before(&rank, &b->rank))
                        *b = (Best){ i, rank };
        }

        new_waiting = context->new_waiting ? context->new_waiting : waiting[KIND_NEW];
        reviews_waiting =
                context->reviews_waiting ? context->reviews_waiting : waiting[KIND_REVIEW];

        next = choose(context, best[0], new_waiting, reviews_waiting);
        return next != QUEUE_NONE ? next : choose(context, best[1], new_waiting, reviews_waiting);
}
