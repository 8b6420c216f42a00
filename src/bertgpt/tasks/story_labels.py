"""Labels of whole stories of Toyland, how it ends and what it is about, with their exact limits.

Both follow from the words, since a text has one derivation: who has read all of a story can always
be right. What a reader of a part can know is computed from the grammar.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import torch

from bertgpt.toyland import toyland
from bertgpt.toyland.language import Grammar, summed
from bertgpt.toyland.story import Story
from bertgpt.training.readouts import Example
from bertgpt.training.stories import toyland_vocab

SENTIMENTS = ("happy", "sad")
TOPICS = ("scene", "gift", "loss", "meal")
PATIENCE = 100  # draws for each story that is asked for


def fresh_stories(
    n: int, seed: int, taken: Iterable[Sequence[str]] = (), language: Grammar | None = None
) -> list[Story]:
    """Stories of which no two are alike and none is among those taken.

    Args:
        n: how many.
        seed: of the generator that draws them.
        taken: stories, as their words, that must not come again.
        language: whose stories; None means Toyland.
    Raises:
        ValueError: if there are not enough of them.
    """
    language = language or toyland()
    generator = torch.Generator().manual_seed(seed)
    seen = {tuple(words) for words in taken}
    stories: list[Story] = []
    for _ in range(PATIENCE * n):
        if len(stories) == n:
            return stories
        story = language.sample(generator)
        if story.words not in seen:
            seen.add(story.words)
            stories.append(story)
    raise ValueError(
        f"{PATIENCE * n} draws gave {len(stories)} new stories, and {n} were asked for; ask for "
        "fewer, or take less away"
    )


def topic(story: Story) -> str:
    """The event of a story: something is given, lost or eaten, or only seen."""
    words = " ".join(story.words)
    if "lost a" in words:
        return "loss"
    if story.facts:
        return "gift"
    return "meal" if "was hungry and ate" in words or "he bought" in words else "scene"


def sentiment_examples(stories: Sequence[Story]) -> list[Example]:
    """Each story and how it ends, as a place in SENTIMENTS."""
    encode = toyland_vocab().encode
    return [Example((encode(s.words),), (SENTIMENTS.index(s.sentiment),)) for s in stories]


def topic_examples(stories: Sequence[Story]) -> list[Example]:
    """Each story and what it is about, as a place in TOPICS."""
    encode = toyland_vocab().encode
    return [Example((encode(s.words),), (TOPICS.index(topic(s)),)) for s in stories]


def majority_share(examples: Sequence[Example]) -> float:
    """Fraction of the commonest answer: what the best one answer to everything reaches.

    Raises:
        ValueError: if there is no example.
    """
    if not examples:
        raise ValueError("no labelled texts were given; give at least one")
    counts = Counter(example.answer for example in examples)
    return max(counts.values()) / len(examples)


def happy_so_far(language: Grammar, words: Sequence[str]) -> list[float]:
    """P(the story ends well | its first i words), for i = 0 ... len(words): exact.

    Args:
        language: a grammar in which each story has one mood.
        words: of a whole story, without END.
    """
    ahead = _happy_ahead(language)
    beliefs = {(language.states.start, ""): 1.0}  # where it may be, and the mood noted on the way
    found = []
    for word in [*words, ""]:
        happy = sum(
            p * (ahead[place.state] if not mood else mood == "happy")
            for (place, mood), p in beliefs.items()
        )
        found.append(happy / sum(beliefs.values()))
        beliefs = summed(
            ((move.place, mood or _mood(move.marks)), p * move.p)
            for (place, mood), p in beliefs.items()
            for move in language.states.moves(place, word)
        )
    return found


def _mood(marks: Iterable[tuple[str, tuple[str, ...]]]) -> str:
    return "".join([arguments[0] for name, arguments in marks if name == "mood"])


def _happy_ahead(language: Grammar) -> list[float]:
    """For each state, the probability that the mood still to be noted is happy."""
    ahead = [0.0]
    for state in language.states.states[1:]:
        p = 0.0
        for option in state.options:
            moods = [str(mark.arguments[0]) for mark in option.marks if mark.name == "mood"]
            p += option.p * (moods == ["happy"] if moods else ahead[option.state])
        ahead.append(p)
    return ahead


def sentiment_limits(stories: Sequence[Story]) -> dict[str, float]:
    """Accuracy of the best reader of each story whole, and of all but its last sentence.

    The reader is scored by its own probabilities, which is exact for the words that it has read.
    """
    whole = before = 0.0
    for story in stories:
        happy = happy_so_far(toyland(), story.words)
        cut = len(story.words) - len(story.sentences[-1])
        whole += max(happy[-1], 1 - happy[-1])
        before += max(happy[cut], 1 - happy[cut])
    return {"whole": whole / len(stories), "but the last sentence": before / len(stories)}
