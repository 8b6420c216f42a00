"""Labels, similarity and cost: parts, limits and rules, vectors with a known answer, counts."""

import pytest
import torch

from bertgpt.controlled import cost, labelled, similar
from bertgpt.controlled.arms import ARMS, new_model
from bertgpt.controlled.labelled import Budget, Parts
from bertgpt.controlled.language import vocab
from bertgpt.controlled.ways import as_writer
from bertgpt.gpt import GPT
from bertgpt.objectives import IGNORE
from bertgpt.training.readouts import Example, TextLabel


def test_no_text_is_in_two_parts_and_labels_are_those_of_the_grammar() -> None:
    for name in ("sense settled after", "mood", "span"):
        parts = labelled.parts(name, 0)
        texts = [tuple(x.parts[0]) for part in parts for x in part]
        assert len(parts.train) == max(labelled.tasks()[name].numbers)
        assert len(parts.development) == 40
        assert len(parts.test) >= 40
        if name != "span":  # there two texts may be one without their answers
            assert len(set(texts)) == len(texts)
    example = labelled.parts("span", 0).train[0]
    words = vocab().decode(example.parts[0])
    asked = words[words.index(".") + 2]  # who gave, or who got
    giver_first = words[1] == "gave"
    giver, receiver = (words[0], words[2]) if giver_first else (words[5], words[0])
    assert words[example.answer[0]] == (giver if asked == "gave" else receiver)


def test_senses_are_labelled_at_the_word() -> None:
    example = labelled.parts("sense settled before", 0).train[0]
    labels = [label for label in example.answer if label != IGNORE]
    word = vocab().decode(example.parts[0])[example.answer.index(labels[0])]
    assert labelled.senses()[labels[0]][0] == word
    assert len(labels) == 1


def test_limits_of_labels() -> None:
    limits = labelled.limits()
    assert limits["sense settled after"]["left"] == pytest.approx(0.5)
    assert limits["sense settled before"]["left"] == pytest.approx(1.0)
    assert {name: limit["rule"] for name, limit in limits.items()} == pytest.approx(
        dict.fromkeys(limits, 0.5)
    )


def test_the_mask_of_use_is_chosen_apart_from_the_weights() -> None:
    bert = new_model(ARMS["full, 40 %"], 0).eval()
    assert isinstance(labelled.under(bert, "causal"), GPT)
    assert labelled.under(bert, "full") is bert


def test_the_rate_is_chosen_on_development_texts() -> None:
    gpt = as_writer(new_model(ARMS["causal, next"], 0).eval())
    words = [vocab().encode([word])[0] for word in ("good", "bad", "anna", "tom")]
    texts = [Example(([words[2 + i % 2], words[i // 2 % 2]],), (i // 2 % 2,)) for i in range(8)]
    given = Parts(texts, texts[:4], texts)
    readout = TextLabel(2, "last")
    both = labelled.learned(gpt, readout, given, Budget(20, 8, (1e-6, 1e-2)), 0, frozen=False)
    assert both["rate"] == 1e-2
    assert both["accuracy"] == 1.0
    slow = labelled.learned(gpt, readout, given, Budget(20, 8, (1e-6,)), 0, frozen=False)
    assert slow["development"] > both["development"]


def test_a_label_by_the_mean_is_of_all_states_but_padding() -> None:
    readout = labelled.MeanLabel(2, "last")
    h = torch.randn(1, 3, 4, generator=torch.Generator().manual_seed(0))
    head = torch.nn.Linear(4, 2)
    padded = torch.nn.functional.pad(h, (0, 0, 0, 2), value=9.0)
    found = readout.scores(head, padded, torch.tensor([[2, 7, 3, 0, 0]]), 0)
    torch.testing.assert_close(found, head(h.mean(dim=1)))


def test_the_last_word_points_not_the_end() -> None:
    readout = labelled.LastWordSpan("last")
    bert = new_model(ARMS["full, 40 %"], 0).eval()
    head = readout.make_head(bert.stack)
    h = torch.randn(1, 5, bert.stack.cfg.width, generator=torch.Generator().manual_seed(0))
    ids = torch.tensor([[2, 7, 8, 3, 0]])  # [CLS], two words, [SEP], padding
    found = readout.scores(head, h, ids, 0)
    assert found.shape == (1, 5, 2)
    assert bool((found[:, 4] == -torch.inf).all())
    for place, moves in ((2, True), (3, False)):  # what the state at a place says to the first word
        changed = h.clone()
        changed[0, place] += 1.0
        same = torch.equal(readout.scores(head, changed, ids, 0)[:, 1], found[:, 1])
        assert same is not moves


def test_labels_of_a_smaller_number_are_among_those_of_a_larger(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Parts] = []

    def noted(start: object, readout: object, given: Parts, *_: object, frozen: bool) -> object:
        seen.append(given)
        return {"accuracy": float(frozen)}

    monkeypatch.setattr(labelled, "learned", noted)
    bert = new_model(ARMS["full, 40 %"], 0).eval()
    found = labelled.by_part(bert, "span", 0)
    assert found == {
        "head": {"40": {"accuracy": 1.0}, "200": {"accuracy": 1.0}},
        "all": {"40": {"accuracy": 0.0}, "200": {"accuracy": 0.0}},
    }
    assert [len(given.train) for given in seen] == [40, 40, 200, 200]
    assert seen[0].train == seen[-1].train[:40]
    assert seen[0].test == seen[-1].test


def test_the_same_words_say_the_reverse() -> None:
    for triple in similar.triples(20, torch.Generator().manual_seed(0)):
        text, same, other = (vocab().decode(ids) for ids in triple)
        assert sorted(same) == sorted(other)
        assert same != other
        assert (text[1], text[3]) == (same[6], same[1]) == (other[1], other[6])


def test_similarity_of_vectors_with_a_known_answer() -> None:
    g = torch.Generator().manual_seed(0)
    text = torch.randn(50, 8, generator=g)
    near = text + 0.1 * torch.randn(50, 8, generator=g)
    far = torch.randn(50, 8, generator=g)
    assert similar.prefers_the_same((text, near, far), standardise=False) == 1.0
    assert similar.prefers_the_same((text, far, near), standardise=False) == 0.0
    assert similar.prefers_the_same((text, near, near), standardise=True) == 0.5
    loud = torch.zeros(50, 8)
    loud[:, 0] = 1000 * torch.randn(50, generator=g)
    raw, even = (
        similar.prefers_the_same((text, near + loud, far), standardise=s) for s in (False, True)
    )
    assert even > raw  # one large dimension decided


def test_a_mask_changes_the_mean_state() -> None:
    bert = new_model(ARMS["full, 40 %"], 0).eval()
    texts = [triple.text for triple in similar.triples(3, torch.Generator().manual_seed(0))]
    causal, full = (similar.means(bert, texts, mask) for mask in ("causal", "full"))
    assert causal.shape == (3, bert.stack.cfg.width)
    assert not torch.allclose(causal, full)


def test_positions_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "lengths", lambda _: {2: 1.0})  # [CLS] a b [SEP]
    found = cost.positions(sweeps=3, walk_sweeps=1, orders=2)
    written = found["a written word"]
    assert written["next token, cache"] == 3 / 2  # [CLS], a, b: what follows each
    assert written["next token, no cache"] == (1 + 2 + 3) / 2
    assert written["gaps by order"] == 4  # the whole text for each word
    assert written["gaps at once"] == 2
    assert written["Gibbs"] == (1 + 3) * 4
    # Filled by order, scored, and a reading for each of two draws; each that changes a word is
    # scored: a reading for each word.
    assert written["Metropolis-Hastings, no draw changes"] == 3 * 2 * 4 / 2
    assert written["Metropolis-Hastings, added if all do"] == 2 * 2 * 4 / 2
    assert found["a scored text"] == {
        "log-probability": 4, "pseudo-log-likelihood": 8, "bound": 16,
    }  # fmt: skip
    assert found["a filled gap"]["rescored"] == (len(vocab()) - 5) * 4
