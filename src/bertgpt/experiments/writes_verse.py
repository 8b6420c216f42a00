"""Page 12, C69 C73, E19: does verse written by a GPT and by an n-gram scan and rhyme?"""

from typing import Any

from bertgpt.experiments.runner import experiment
from bertgpt.experiments.written_texts import compared, made_texts
from bertgpt.tasks.verse import Verse


@experiment("writes_verse", seeds=range(3))
def writes_verse(seed: int) -> dict[str, Any]:
    """See `compared`; a verse is valid if its four lines scan and rhyme."""
    language = Verse()
    return compared(made_texts(language, seed), language.is_valid, seed, 600, language)
