"""Page 13, C54, E02: a published model, fine-tuned on the topics of paragraphs of Wikipedia.

Paragraphs, draws, updates and the choice of the rate are those of `fine_tuning_topic`, page 11. The
rates are lower: those of the BERT paper (appendix A.3: 5e-5 the highest) and above, since there are
few updates.
"""

from typing import Any

from bertgpt.corpora.articles import wikipedia
from bertgpt.experiments.fine_tuning_arms import ARMS, Parts, learn
from bertgpt.experiments.fine_tuning_topic import BUDGETS, HELD, LONGEST, topic_at
from bertgpt.experiments.runner import experiment
from bertgpt.tasks.paragraph_topic import topic_examples, topic_parts
from bertgpt.weights.files import WEIGHTS
from bertgpt.weights.minilm import FILES, minilm_folder
from bertgpt.weights.reading import Published, open_published

RATES = (5e-5, 1.5e-4, 5e-4)


def measure(seed: int, published: Published) -> dict[str, Any]:
    """By number of labels what came of the rate with the lowest development loss."""
    given = topic_parts(wikipedia(), seed)
    train, development, test = (
        topic_examples(part, published.tokenizer.encode, LONGEST) for part in given
    )
    cut = Parts(train, development[:HELD], test[: 2 * HELD])
    runs = learn(topic_at, ARMS["BERT"], {"bert": published.model}, cut, BUDGETS, RATES, seed)
    return {
        str(n): min((r for r in runs if r["labels"] == n), key=lambda run: run["development"])
        for n in BUDGETS
    }


@experiment("published_fine_tuning")
def published_fine_tuning(seed: int) -> dict[str, Any]:
    """Accuracy on paragraphs of articles of which no label was seen; all weights are trained."""
    return {"weights": FILES[WEIGHTS], "MiniLM": measure(seed, open_published(minilm_folder()))}
