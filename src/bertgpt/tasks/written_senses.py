"""Sentences with a word of two senses, written for this book: which sense does it have?

In half of the sentences of each sense a word that decides comes before, in the others all that
decide come after. No sentence was chosen by what a model makes of it.
"""

from typing import NamedTuple

import torch
from torch import Tensor


class Use(NamedTuple):
    """A sentence that has the word once, and the sense that it has there."""

    text: str
    word: str
    sense: str
    cue: str  # "before" or "after": where the words are that decide


# word -> sense -> sentences; of each sense the first four have a cue before the word.
WRITTEN = {
    "bank": {
        "river": (
            "They walked along the muddy river until the bank became too steep.",
            "The boat drifted slowly across the stream to the far bank.",
            "Beavers living in the water had dug a burrow into the bank.",
            "We rowed upstream and tied the canoe to a tree on the bank.",
            "On the bank a heron waited for fish.",
            "The bank was covered with reeds, mud and wild flowers.",
            "Part of the bank was washed away by the flood last winter.",
            "We sat on the bank and watched the water flow by.",
        ),
        "money": (
            "To buy the house he asked for a loan from the bank.",
            "My salary is paid straight into the bank each month.",
            "With a false passport she opened an account at the bank.",
            "After the merger was announced, shares in the bank fell.",
            "The bank raised its interest rates again this week.",
            "The bank refused to cash the cheque without identification.",
            "A clerk at the bank counted the notes twice.",
            "Two men ran out of the bank with bags full of cash.",
        ),
    },
    "spring": {
        "season": (
            "After a long and snowy winter came an early spring.",
            "The swallows return to the barn every spring.",
            "As soon as the soil is warm, farmers sow oats in spring.",
            "They met last autumn and were married in the spring.",
            "In spring the days grow longer and the birds sing.",
            "That spring brought late snow, which killed the blossom.",
            "The spring term begins in the middle of April.",
            "It was spring, and the tulips in the garden were open.",
        ),
        "coil": (
            "The mattress is old and there is a broken spring in it.",
            "To push the valve back into place they used a steel spring.",
            "Every evening he wound the clock, until one day he broke its spring.",
            "Press the button, and the bolt is thrown back by a spring.",
            "The spring stretches when a weight hangs from it.",
            "A tiny spring had jumped out of the watch.",
            "The force of a spring grows with its length.",
            "A spring under each wheel softens the bumps.",
        ),
    },
    "bat": {
        "animal": (
            "High up in the cave, upside down, hung a single bat.",
            "At dusk, hunting for moths above the pond, came a bat.",
            "The wings and ears of the small creature were those of a bat.",
            "An owl and a fox were in the barn, and in the rafters a bat.",
            "A bat finds insects in the dark by listening to echoes.",
            "The bat slept through the winter in the attic.",
            "The bat spread its wings and flew off into the night.",
            "A bat gives milk to its young like other mammals.",
        ),
        "stick": (
            "The batter hit the ball so hard that he broke his bat.",
            "Before the game he oiled the wood and taped the handle of his bat.",
            "She bought a glove, a ball and a bat.",
            "The umpire stopped play to look at the captain's bat.",
            "He swung the bat and missed the ball.",
            "Her bat was made of ash, with a thick handle.",
            "He dropped the bat and ran to first base.",
            "The bat split in two when it met the ball.",
        ),
    },
    "match": {
        "game": (
            "The team scored twice in the last minute of the match.",
            "Rain on the court delayed the final match.",
            "The referee stopped the fight and so ended the match.",
            "Thousands of fans came to the stadium for the match.",
            "The match ended in a draw after extra time.",
            "She won the match by three sets to one.",
            "The match was lost when their goalkeeper was sent off.",
            "A match lasts ninety minutes, with a break at half time.",
        ),
        "fire": (
            "To light the candle he needed a match.",
            "The gas stove in the hut has to be lit with a match.",
            "Smoke rose from the dry grass where he had thrown the match.",
            "In the dark she felt for the box and struck a match.",
            "A match flared and lit up his face.",
            "The match went out before the wood had caught fire.",
            "One match was enough to set the barn on fire.",
            "The match burned down and scorched her fingers.",
        ),
    },
}
BEFORE = 4


def uses(word: str = "") -> list[Use]:
    """All sentences of a word, or of all words where none is named.

    Raises:
        ValueError: for a word that is not here.
    """
    if word and word not in WRITTEN:
        raise ValueError(f"no sentences were written with {word!r}; there are {list(WRITTEN)}")
    return [
        Use(text, name, sense, "before" if number < BEFORE else "after")
        for name, senses in WRITTEN.items()
        if not word or name == word
        for sense, texts in senses.items()
        for number, text in enumerate(texts)
    ]


def nearest_has_sense(vectors: Tensor, senses: list[str]) -> Tensor:
    """Whether the nearest other vector, by the cosine, is of the same sense: (N,) booleans.

    Args:
        vectors: (N, D), one per use of a word.
        senses: N names.
    Raises:
        ValueError: unless there is one sense per vector, and two vectors or more.
    """
    if vectors.ndim != 2 or len(vectors) != len(senses) or len(senses) < 2:
        raise ValueError(
            f"vectors of shape {tuple(vectors.shape)} and {len(senses)} senses; give (N, D) and N "
            "senses, two or more"
        )
    units = torch.nn.functional.normalize(vectors, dim=-1)
    cosines = (units @ units.T).fill_diagonal_(-torch.inf)
    nearest = cosines.argmax(-1).tolist()
    return torch.tensor([senses[n] == sense for n, sense in zip(nearest, senses, strict=True)])


def nearest_by_chance(senses: list[str]) -> float:
    """Fraction that would be right if the nearest were drawn by chance."""
    n = len(senses)
    return sum(senses.count(sense) - 1 for sense in senses) / (n * (n - 1))
