"""Page 12, C69 C73, E19: do only those speak who are on the stage?"""

from typing import Any

from bertgpt.experiments.runner import experiment
from bertgpt.experiments.written_texts import compared, made_texts
from bertgpt.tasks.play_scripts import PlayScripts


@experiment("writes_scenes", seeds=range(3))
def writes_scenes(seed: int) -> dict[str, Any]:
    """See `compared`; a scene is valid if all who speak or are spoken to are on the stage."""
    language = PlayScripts()
    return compared(made_texts(language, seed), language.is_valid, seed, 300, language)
