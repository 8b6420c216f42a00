"""Folders that a test may spoil."""

from pathlib import Path

import pytest
from folders import published


@pytest.fixture
def bert(tmp_path: Path) -> Path:
    return published("BertForPreTraining", tmp_path / "bert")


@pytest.fixture
def gpt2(tmp_path: Path) -> Path:
    return published("GPT2LMHeadModel", tmp_path / "gpt2")
