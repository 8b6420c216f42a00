"""Page 12, C69 C73, E19: do the bars of written tunes add up to their metre?"""

from typing import Any

from bertgpt.experiments.runner import experiment
from bertgpt.experiments.written_texts import compared, made_texts
from bertgpt.tasks.tunes import Tunes


@experiment("writes_tunes", seeds=range(3))
def writes_tunes(seed: int) -> dict[str, Any]:
    """See `compared`; a tune is valid if its bars add up, and it moves by steps to the tonic."""
    language = Tunes()
    return compared(made_texts(language, seed), language.is_valid, seed, 300, language)
