"""Page 12, C69 C73, E19: does written code parse, with names that are known?"""

from typing import Any

from bertgpt.experiments.runner import experiment
from bertgpt.experiments.written_texts import compared, made_texts
from bertgpt.tasks.code_lines import MadeCode


@experiment("writes_code", seeds=range(3))
def writes_code(seed: int) -> dict[str, Any]:
    """See `compared`; a function is valid if it parses and no name is read before it is given."""
    language = MadeCode()
    return compared(made_texts(language, seed), language.is_valid, seed, 300, language)
