"""Page 12, C69 C73, E19: do functions parse that were learned from Python's own library?"""

from typing import Any

import torch

from bertgpt.corpora import python_code, split
from bertgpt.experiments.runner import experiment
from bertgpt.experiments.written_texts import compared
from bertgpt.tasks.code_lines import is_function, small_functions


@experiment("writes_library", seeds=range(3))
def writes_library(seed: int) -> dict[str, Any]:
    """See `compared`; a function is valid if it parses. No file is in two of the parts."""
    rest, test = split(python_code(), 0.1, seed=seed)
    train, dev = split(rest, 0.1, seed=seed)
    texts = {"train": small_functions(train)}
    generator = torch.Generator().manual_seed(seed)
    for name, part in (("dev", dev), ("test", test)):
        read = {text for texts_of in texts.values() for text in texts_of}
        new = [text for text in small_functions(part) if text not in read]
        texts[name] = [new[i] for i in torch.randperm(len(new), generator=generator)[:200]]
    return compared(texts, is_function, seed, 300)
