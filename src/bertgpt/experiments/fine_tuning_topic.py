"""Page 11, C54 C65, E02: what is a paragraph of Wikipedia about, learned from few labels?"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from bertgpt.corpora.articles import wikipedia
from bertgpt.experiments.fine_tuning_arms import ARMS, Budget, Parts, Starts, learn
from bertgpt.experiments.runner import experiment
from bertgpt.tasks.paragraph_topic import TOPICS, by_counts, topic_examples, topic_parts
from bertgpt.tasks.story_labels import majority_share
from bertgpt.tokens.bpe import BPE
from bertgpt.training.readouts import Readout, TextLabel
from bertgpt.weights.course import course_card, course_folder, course_model

LONGEST = 62  # ids of a paragraph: with [CLS] and [SEP] 64
BUDGETS = {50: Budget(30, 16), 500: Budget(80, 16)}
RATES = (2e-4, 6e-4, 2e-3)
HELD = 300  # paragraphs to develop on, and twice as many to test on, at most


def topic_at(place: Literal["first", "last"]) -> Readout:
    """The topic of a text, read at its first or its last token."""
    return TextLabel(len(TOPICS), place)


def measure(seed: int, starts: Starts, encode: Callable[[str], Sequence[int]]) -> dict[str, Any]:
    """By arm and number of labels what came of the rate with the lowest development loss."""
    given = topic_parts(wikipedia(), seed)
    train, development, test = (topic_examples(part, encode, LONGEST) for part in given)
    found: dict[str, Any] = {
        "floor": majority_share(test[: 2 * HELD]),
        "counts": {str(n): by_counts(train[:n], test[: 2 * HELD]) for n in BUDGETS},
        "arms": {},
    }
    cut = Parts(train, development[:HELD], test[: 2 * HELD])
    for name, arm in ARMS.items():
        runs = learn(topic_at, arm, starts, cut, BUDGETS, RATES, seed)
        found["arms"][name] = {
            str(n): min(
                (run for run in runs if run["labels"] == n), key=lambda run: run["development"]
            )
            for n in BUDGETS
        }
    return found


@experiment("fine_tuning_topic")
def fine_tuning_topic(seed: int) -> dict[str, Any]:
    """Accuracy on paragraphs of articles of which no label was seen, by arm and labels.

    The seed draws the articles of each part, so the spread is over articles too. The models read
    all training articles of the corpus before, without labels. Beside them: the commonest topic,
    and naive Bayes from the same labels.
    """
    names = {kind: f"wikipedia-{kind}" for kind in ("bert", "gpt")}
    starts = {kind: course_model(name) for kind, name in names.items()}
    tokenizer = BPE.load(course_folder(names["gpt"]))
    return measure(seed, starts, tokenizer.encode) | {
        "weights": {kind: course_card(name)["sha256"] for kind, name in names.items()}
    }
