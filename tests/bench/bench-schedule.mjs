// The same decisions by ts-fsrs: one card after another, answered when due, fuzz on, default parameters.
import { fsrs, createEmptyCard, generatorParameters } from 'ts-fsrs';

const CARDS = Number(process.argv[2] ?? 4000), REVIEWS = 50;
let x = 88172645463325252n;
function nextGrade() {
        x ^= (x << 13n) & 0xffffffffffffffffn;
        x ^= x >> 7n;
        x ^= (x << 17n) & 0xffffffffffffffffn;
        const n = Number(x % 10n);
        return n < 1 ? 1 : n < 2 ? 2 : n < 9 ? 3 : 4;
}
const grades = Array.from({ length: CARDS * REVIEWS }, nextGrade);
const scheduler = fsrs(generatorParameters({ enable_fuzz: true }));

function run(cards) {
        let sum = 0;
        for (let c = 0; c < cards; c++) {
                let now = new Date(1795392000000 + c * 1000), card = createEmptyCard(now);
                for (let i = 0; i < REVIEWS; i++) {
                        card = scheduler.next(card, now, grades[c * REVIEWS + i]).card;
                        now = card.due;
                }
                sum += card.stability;
        }
        return sum;
}

run(Math.min(CARDS, 400)); // let the compiler warm up
const start = process.hrtime.bigint();
run(CARDS);
const seconds = Number(process.hrtime.bigint() - start) / 1e9, n = CARDS * REVIEWS;
console.log(`ts-fsrs ${n} ${seconds.toFixed(3)} ${(seconds / n * 1e9).toFixed(0)}`);
