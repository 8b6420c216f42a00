"""Toyland: every number is held against a second way of computing it."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from importlib.resources import files

import pytest
import torch

from bertgpt.toyland import END, MASK, toyland
from bertgpt.toyland.best_reader import best_left_to_right, best_reader, rename_canonically
from bertgpt.toyland.language import Grammar

TOYLAND = (files("bertgpt") / "data" / "toyland.txt").read_text(encoding="utf-8")

# Small enough to write every text down; has whatever the notation has.
SMALL = """
names girl (he=she): anna lily mia
names boy (he=he): tom ben
words toy (it=it): kite drum
words low: sad tired
rule STORY
    2  $WHO(a) met $WHO(b) . $GIFT(a,b) $END
    1  $WHO(a) met $WHO(b) . $GIFT(b,a) @mood(happy) .
    1  $WHO(a) saw the bank/river or the bank/money . $END
    1.5  the bank/river was $WET .
    0.5  the bank/money was closed .
    1  ?a:girl left . $LAST(a)
rule WHO(x)
    3  ?x:girl
    1  ?x:boy
rule GIFT(x,y)
    2  !x gave the ?t:toy to !y @gave(x,t,y) because !y.he was ?low
    1  !x gave the ?t:toy to !y @gave(x,t,y) because !x.he was kind
    1  !y got the ?t:toy @gave(x,t,y) and lost !t.it
rule LAST(x)
    2  !x sang .
    1  mia/star danced .
rule WET
    1  wet
    1  wet , very wet
rule END
    1  . @mood(sad) ?low
    1
about gave
    who gave the !thing to !receiver ? = giver
    !receiver got the !thing from !giver . = entailment
    *giver gave the !thing to !receiver . = contradiction
    !giver gave the *thing to !receiver . = neutral
"""


def derivations(text: str) -> Iterator[tuple[float, tuple[str, ...], tuple[str, ...]]]:
    """Every derivation of a grammar: (probability, words, senses).

    Written without states, registers, or anything from the package, straight from the notation.
    """
    blocks: dict[str, list[str]] = {}
    for line in text.splitlines():
        line = line.split("#")[0].rstrip()
        if re.match(r"\w", line):
            head, _, words = line.partition(":")
            blocks[head] = block = [words]
        elif line:
            block.append(line)
    classes, forms, rules = {}, {}, {}
    for head, lines in blocks.items():
        kind, name, brackets = re.fullmatch(r"(\w+) (\w+) ?(?:\((.*)\))?", head).groups(default="")
        if kind == "rule":
            weights = [float(line.split()[0]) for line in lines[1:]]
            told = [line.split()[1:] for line in lines[1:]]
            shares = [weight / sum(weights) for weight in weights]
            rules[name] = brackets.split(","), list(zip(shares, told, strict=True))
        else:
            classes[name] = lines[0].split()
            forms[name] = dict(form.split("=") for form in brackets.split())

    def tell(items, held):
        if not items:
            yield 1.0, (), ()
            return
        item, rest = items[0], items[1:]
        said, sense, p = [item], "", 1.0
        if item[0] == "$":
            name, _, given = item[1:].rstrip(")").partition("(")
            put = dict(zip(rules[name][0], given.split(","), strict=True))
            for q, inner in rules[name][1]:
                renamed = [
                    re.sub(r"(?<=[?!(,])(\w+)", lambda m: put.get(m[1], m[1]), i) for i in inner
                ]
                for p, words, senses in tell(renamed + rest, held):
                    yield q * p, words, senses
            return
        if item[0] == "@":
            yield from tell(rest, held)
            return
        variable = ""
        if item[0] == "?" and len(item) > 1:
            variable, _, name = item[1:].rpartition(":")
            said = [w for w in classes[name] if (name, w) not in held.values()]
            p = 1 / len(said)
        elif item[0] == "!":
            holder, _, form = item[1:].partition(".")
            name, sense = held[holder]
            said = [forms[name][form] if form else sense]
        else:
            word, _, sense = item.partition("/")
            said = [word]
        for word in said:
            now = held | ({variable: (name, word)} if variable else {})
            for q, words, senses in tell(rest, now):
                yield p * q, (word, *words), (sense or word, *senses)

    yield from tell(["$STORY"], {})


def shrunk(text: str, alternatives: slice) -> str:
    """The grammar with two words a class and only some alternatives of each rule."""
    kept = []
    written = "\n".join(line for line in text.split("\n") if line.strip() and line[0] != "#")
    for block in re.split(r"\n(?=\w)", written):
        first, *lines = block.split("\n")
        if first.startswith("rule"):
            lines = lines[alternatives]
        elif not first.startswith("about"):
            head, _, words = first.partition(":")
            first = f"{head}: {' '.join(words.split()[:2])}"
        kept += [first, *lines]
    return "\n".join(kept)


@pytest.fixture(scope="module")
def language() -> Grammar:
    return toyland()


@pytest.fixture(scope="module")
def stories(language):
    return language.stories(1500, torch.Generator().manual_seed(7))


@pytest.fixture(scope="module")
def small():
    return Grammar(SMALL), list(derivations(SMALL))


# --- two ways of computing the same


def check_against_enumeration(grammar: Grammar, told) -> None:
    texts = [words for _, words, _ in told]
    assert len(set(texts)) == len(texts)  # one derivation a text
    assert sum(p for p, _, _ in told) == pytest.approx(1, abs=1e-12)
    nats = -sum(p * math.log(p) for p, _, _ in told)
    words = sum(p * len(words) for p, words, _ in told)
    assert grammar.entropy().nats == pytest.approx(nats, abs=1e-9)
    assert grammar.entropy().words == pytest.approx(words, abs=1e-9)
    assert best_left_to_right(grammar).nats == pytest.approx(nats, abs=1e-9)


def test_entropy_by_recursion_and_by_enumeration(small):
    check_against_enumeration(*small)


@pytest.mark.parametrize("alternatives", [slice(1, None, 2), slice(-2, None)])
def test_toyland_made_small_agrees_with_enumeration(alternatives):
    text = shrunk(TOYLAND, alternatives)
    told = list(derivations(text))
    assert len(told) > 1500
    grammar = Grammar(text)
    check_against_enumeration(grammar, told)
    for p, words, senses in told[::200]:
        assert grammar.log_probability(words) == pytest.approx(math.log(p), abs=1e-9)
        assert grammar.read(words).senses == senses


def test_every_probability_of_the_small_grammar(small):
    grammar, told = small
    following = defaultdict(Counter)  # prefix -> next token -> probability
    masked = defaultdict(Counter)  # (left, right) -> word -> probability
    left, both = defaultdict(Counter), defaultdict(Counter)
    for p, words, senses in told:
        assert grammar.log_probability(words) == pytest.approx(math.log(p), abs=1e-12)
        for i, word in enumerate([*words, END]):
            following[words[:i]][word] += p
            if word != END:
                masked[words[:i], words[i + 1 :]][word] += p
                left[words[: i + 1]][senses[i]] += p
                both[words, i][senses[i]] += p
    for prefix, counts in following.items():
        assert is_near(grammar.next_words(prefix), counts)
    for (before, after), counts in [*masked.items()][::7]:
        found = grammar.masked_word([*before, MASK, *after], len(before))
        assert is_near(found, counts)
    for words, counts in left.items():
        found = grammar.sense(words, len(words) - 1, read="left")
        assert is_near(found, counts)
    for (words, i), counts in [*both.items()][::11]:
        assert grammar.sense(words, i) == {max(counts): 1.0}
        assert len(counts) == 1

    best = best_left_to_right(grammar)
    right = sum(max(counts.values()) for counts in following.values())
    assert best.accuracy == pytest.approx(right / sum(map(Counter.total, following.values())))
    for ambiguous in ("bank", "mia"):
        met = [counts for words, counts in left.items() if words[-1] == ambiguous]
        right = sum(max(counts.values()) for counts in met)
        accuracy = right / sum(map(Counter.total, met))
        assert best.senses[ambiguous] == pytest.approx(accuracy, abs=1e-12)
        assert 0.5 < accuracy < 1
    assert len(best.senses) == 2


def is_near(found: dict[str, float], counts: Counter) -> bool:
    """Are these the counts, made to sum to 1?"""
    total = counts.total()
    return found.keys() == counts.keys() and all(
        abs(found[key] - count / total) < 1e-12 for key, count in counts.items()
    )


def test_several_masks_at_once(small):
    grammar, told = small
    for masks in ((0, 2), (2, 8, 10), (0, 1, 2, 3, 4)):
        words = next(words for _, words, _ in told if len(words) > max(masks) and "met" in words)
        seen = [MASK if i in masks else word for i, word in enumerate(words)]
        for target in masks:
            counts = Counter()
            for p, other, _ in told:
                if len(other) == len(words) and all(
                    a in (b, MASK) for a, b in zip(seen, other, strict=True)
                ):
                    counts[other[target]] += p
            found = grammar.masked_word(seen, target)
            assert is_near(found, counts)


def test_what_registers_hold_is_renamed_and_nothing_else_changes(small):
    grammar, _ = small
    beliefs = [grammar.beliefs(words)[-1] for words in (["lily"], ["mia", "met"], ["tom", "met"])]
    for belief in beliefs:
        same = rename_canonically(grammar.states, belief)
        assert [place.state for place, _ in same.places] == sorted(place.state for place in belief)
        assert sum(p for _, p in same.places) == pytest.approx(sum(belief.values()))
    canonical = [rename_canonically(grammar.states, belief) for belief in beliefs]
    other = rename_canonically(grammar.states, grammar.beliefs(["anna", "met"])[-1])
    assert other == rename_canonically(grammar.states, grammar.beliefs(["lily", "met"])[-1])
    assert other != canonical[1]  # a rule says "mia" by itself, so it is not like the others
    assert canonical[2] != other  # tom is of another class


def test_masks_in_a_prefix(small):
    grammar, told = small
    for seen in ([MASK], [MASK, MASK, MASK], [MASK, "saw", "the"], ["lily", "met", MASK, "."]):
        counts = Counter()
        for p, words, _ in told:
            if all(a in (b, MASK) for a, b in zip(seen, words, strict=False)):
                counts[words[len(seen)]] += p
        assert is_near(grammar.next_words(seen), counts)


def test_the_sense_of_a_word_that_is_not_shown(small):
    """Every sense of every word that may stand there."""
    grammar, told = small
    words = next(words for _, words, _ in told if words.count("bank") == 2)
    i = words.index("bank")
    hidden = (*words[:i], MASK, *words[i + 1 :])
    assert grammar.masked_word(hidden, i) == {"bank": 1.0}
    assert grammar.sense(hidden, i) == grammar.sense(words, i)
    name = grammar.sense((MASK, *words[1:]), 0)
    assert name == pytest.approx(grammar.masked_word((MASK, *words[1:]), 0))
    assert sum(name.values()) == pytest.approx(1)


def test_the_best_readers_of_given_texts(small):
    grammar, told = small
    drawn = grammar.stories(20, torch.Generator().manual_seed(0))
    for read, guess in (("left", grammar.next_words), ("both", grammar.masked_word)):
        rows = []
        for story in drawn:
            for i, word in enumerate([*story.words, END][: None if read == "left" else -1]):
                p = guess(story.words[:i]) if read == "left" else guess(story.words, i)
                best = max(p.values())
                entropy = -sum(q * math.log(q) for q in p.values())
                rows.append((best, word == next(iter(p)), entropy, -math.log(p[word])))
        expected = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
        assert list(best_reader(grammar, drawn, read=read)) == pytest.approx(expected, abs=1e-12)


# --- the full grammar


def test_words_of_one_class_differ_in_a_story():
    """The third differs from the first as well as from the second."""
    grammar = Grammar("words pet: cat dog cow hen\nrule STORY\n 1 ?x:pet ?y:pet ?z:pet")
    assert grammar.next_words("cat") == pytest.approx({"cow": 1 / 3, "dog": 1 / 3, "hen": 1 / 3})
    assert grammar.next_words("cat dog") == {"cow": 0.5, "hen": 0.5}


def test_toyland_is_unambiguous(language):
    """Entropy over derivations equals entropy over texts only if no text has two derivations."""
    assert best_left_to_right(language).nats == pytest.approx(language.entropy().nats, abs=1e-9)
    twofold = Grammar("rule STORY\n 1 $A b\n 1 a $B\nrule A\n 1 a\n 1 b\nrule B\n 1 b\n 1 a")
    assert twofold.entropy().nats - best_left_to_right(twofold).nats > 0.3


def test_samples_agree_with_the_entropy(language, stories):
    surprise = torch.tensor([-language.log_probability(story.words) for story in stories])
    error = surprise.std().item() / math.sqrt(len(stories))
    assert abs(surprise.mean().item() - language.entropy().nats) < 4 * error
    lengths = torch.tensor([float(len(story.words)) for story in stories])
    error = lengths.std().item() / math.sqrt(len(stories))
    assert abs(lengths.mean().item() - language.entropy().words) < 4 * error
    assert error < 0.2


def test_samples_have_their_probabilities(language, stories):
    begins = Counter(story.words[0] for story in stories)
    names = language.classes["girl"] + language.classes["boy"]
    heroes = Counter(next(w for w in story.words if w in names) for story in stories)
    for counts, expected in (
        (begins, language.next_words()),
        (heroes, dict.fromkeys(names, 1 / 24)),
    ):
        for word, p in expected.items():
            deviation = math.sqrt(len(stories) * p * (1 - p))
            assert abs(counts[word] - len(stories) * p) < 4.5 * deviation


def test_next_words_sum_to_one_at_a_thousand_prefixes(language, stories):
    generator = torch.Generator().manual_seed(1)
    worst = 0.0
    for story in stories[:1000]:
        cut = int(torch.randint(len(story.words) + 1, (), generator=generator))
        beliefs = language.beliefs(story.words[:cut])  # before it is made to sum to 1
        following = language.moves_at(story.words[:cut], [cut], "left")
        total = sum(p for p, _ in next(following)) / sum(beliefs[-1].values())
        worst = max(
            worst, abs(total - 1), abs(sum(language.next_words(story.words[:cut]).values()) - 1)
        )
    assert worst < 1e-12


def test_chain_rule(language, stories):
    for story in stories[:20]:
        nats = sum(
            math.log(language.next_words(story.words[:i])[word])
            for i, word in enumerate([*story.words, END])
        )
        assert language.log_probability(story.words) == pytest.approx(nats, abs=1e-9)


def test_masked_word_is_bayes(language, stories):
    for story in stories[:2]:
        for i in range(1, len(story.words), 13):
            joint = Counter()
            for word in language.vocabulary:
                try:
                    text = [*story.words[:i], word, *story.words[i + 1 :]]
                    joint[word] = math.exp(language.log_probability(text))
                except ValueError:
                    continue
            assert is_near(language.masked_word(story.words, i), joint)


def test_same_seed_same_stories(language, stories):
    again = language.stories(50, torch.Generator().manual_seed(7))
    assert again == stories[:50]
    assert language.stories(50, torch.Generator().manual_seed(8)) != again
    assert toyland() is language


# --- what the stories are about

FOLLOWS = ("bank", "ring", "bark", "seal", "crane", "palm")
BEFORE = ("bat", "match", "spring", "trunk")


def test_vocabulary(language, stories):
    assert 280 <= len(language.vocabulary) <= 320
    assert END in language.vocabulary
    assert {w for story in stories for w in story.words} <= {*language.vocabulary}
    assert set(FOLLOWS + BEFORE) == set(language.senses)


def test_some_senses_are_told_by_what_follows_and_some_by_what_came_before(language, stories):
    assert best_left_to_right(language).senses == pytest.approx(
        dict.fromkeys(FOLLOWS, 0.5) | dict.fromkeys(BEFORE, 1.0), abs=1e-12
    )
    met = set()
    for story in stories[:700]:
        for i, word in enumerate(story.words):
            if word in language.senses:
                met.add((word, story.senses[i]))
                left = language.sense(story.words, i, read="left")
                assert max(left.values()) == pytest.approx(0.5 if word in FOLLOWS else 1.0)
                assert language.sense(story.words, i) == pytest.approx({story.senses[i]: 1.0})
    assert met == {(word, sense) for word, both in language.senses.items() for sense in both}


def test_the_same_words_follow_either_sense(language):
    ends = "anna saw a bat . it was big and red . it was a good day ."
    opens = "on monday anna took a bus to the zoo . "
    for where, sense in (("in a dark cave", "animal"), ("before the game", "club")):
        text = f"{opens}{where} she{ends.removeprefix('anna')}"
        assert language.sense(text, text.split().index("bat")) == {sense: 1.0}


def test_a_pronoun_is_told_by_what_follows(language):
    text = "on monday anna took a bus to the zoo . there she met lily . anna gave a kite to lily "
    text += "because she was {} . it was a good day ."
    i = text.split().index("because") + 1
    for feeling, who in (("kind", "anna"), ("sad", "lily")):
        assert language.sense(text.format(feeling), i, read="left") == {"anna": 0.5, "lily": 0.5}
        assert language.sense(text.format(feeling), i) == {who: 1.0}


def test_verbs_agree_with_subjects_far_away(language, stories):
    distances = Counter()
    for story in stories:
        for position, right, wrong in story.agreements:
            assert story.words[position] == right
            assert {right, wrong} in ({"was", "were"}, {"is", "are"})
            following = language.next_words(story.words[:position])
            assert following[right] > 0
            assert wrong not in following
            end = story.words[:position]
            head = len(end) - end[::-1].index(".")
            distances[position - head] += 1
            assert story.words[head + 1].endswith(("s", "xes")) == (right in ("were", "are"))
    assert distances.total() > 150
    assert max(distances) >= 9


def test_sentiment_needs_the_negation(language, stories):
    assert (
        language.read(
            "Leo was a wizard who lived near the zoo. Leo painted the pig blue. "
            "It was not a bad day."
        ).sentiment
        == "happy"
    )
    assert {story.sentiment for story in stories} == {"happy", "sad"}
    for word in ("bad", "good", "not", "sad", "happy", "nobody"):
        moods = Counter(story.sentiment for story in stories if word in story.words)
        assert min(moods["happy"], moods["sad"]) > 0.1 * moods.total()


def test_facts_questions_and_entailments(language, stories):
    generator = torch.Generator().manual_seed(3)
    labels, orders = Counter(), Counter()
    for story in stories:
        questions = story.questions()
        assert len(questions) == 3 * len(story.facts)
        assert len({question.words for question in questions}) == len(questions)
        for question in questions:
            assert story.words[question.position] == question.answer
            assert question.answer not in question.words
        for _, giver, thing, receiver in story.facts:
            orders[story.words.index(giver) < story.words.index(receiver)] += 1
            assert {giver, thing, receiver} <= {*story.words}
        pairs = story.entailments(generator)
        follows = {pair.hypothesis for pair in pairs if pair.label == "entailment"}
        for pair in pairs:
            labels[pair.label] += 1
            assert pair.premise == story.words
            assert {*pair.hypothesis} <= {*language.vocabulary}
            assert (pair.hypothesis in follows) == (pair.label == "entailment")
            assert not [word for word in pair.hypothesis if word[0] in "!*"]
    assert labels.keys() == {"entailment", "contradiction", "neutral"}
    assert min(orders.values()) > 0.2 * orders.total()  # the giver may come first or second


def test_a_story_that_names_all_of_a_kind_is_not_contradicted_by_itself():
    grammar = Grammar(
        "names person: anna tom\nwords toy: kite drum\nrule STORY\n"
        " 1 ?a:person gave ?c:person the ?t:toy @gave(a,t,c)\nabout gave\n"
        " !giver gave *receiver the !thing = contradiction\n"
        " !giver gave !receiver the *thing = neutral\n"
    )
    pairs = grammar.read("anna gave tom the kite").entailments(torch.Generator())
    assert [(" ".join(pair.hypothesis), pair.label) for pair in pairs] == [
        ("anna gave tom the drum", "neutral")
    ]


def test_what_is_left_open_is_of_a_thing_that_the_story_does_not_name():
    """Here a kite is seen and a drum is given, so only the ball is left."""
    grammar = Grammar(
        "names person: anna tom\nwords toy: kite drum ball\nrule STORY\n"
        " 1 ?a:person saw a ?s:toy and gave ?c:person the ?t:toy @gave(a,t,c)\nabout gave\n"
        " !giver gave !receiver the *thing = neutral\n"
    )
    story, generator = grammar.read("anna saw a kite and gave tom the drum"), torch.Generator()
    for _ in range(20):
        (pair,) = story.entailments(generator)
        assert " ".join(pair.hypothesis) == "anna gave tom the ball"


def test_a_fact_by_hand(language):
    story = language.read(
        "Otto was a baker who lived near the farm. Mia was there too. "
        "A puppet was given to Otto by Mia because it was his birthday. It was a good day."
    )
    assert [*story.facts] == [("gave", "mia", "puppet", "otto")]
    assert [(" ".join(q.words), q.answer) for q in story.questions()] == [
        ("who gave the puppet to otto ?", "mia"),
        ("what did mia give to otto ?", "puppet"),
        ("who got the puppet from mia ?", "otto"),
    ]
    labels = {" ".join(p.hypothesis): p.label for p in story.entailments(torch.Generator())}
    assert labels["otto got the puppet from mia ."] == "entailment"
    assert labels["mia got the puppet from otto ."] == "contradiction"
    (neutral,) = [h for h, label in labels.items() if label == "neutral" and "gave" in h]
    assert neutral.startswith("mia gave otto the ")
    assert "puppet" not in neutral


def test_stories_are_english(stories):
    for story in stories:
        text = str(story)
        assert not re.search(r"\b[Aa] [aeiou]|\b[Aa]n [^aeiou]", text), text
        assert re.fullmatch(r"([A-Z][a-z]*(,? \w+)*\.( |$))+", text), text
        for he, him in (("he", "him"), ("she", "her")):
            assert he not in story.senses
            assert him not in story.senses
        assert sum(story.sentences, ()) == story.words


def test_a_printed_story_can_be_read_back(language, stories):
    for story in stories[:25]:
        assert language.read(str(story)) == story


# --- bad input


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        (
            lambda g: g.next_words("one dragonfly"),
            r"'dragonfly' \(position 1\) is not in the vocabulary; "
            r"possible words after 'one': cold, foggy",
        ),
        (
            lambda g: g.next_words("anna was was"),
            r"'was' \(position 2\) is not possible there; possible words after 'anna was': a$",
        ),
        (
            lambda g: g.next_words("zoo"),
            r"'zoo' \(position 0\) is not possible there; possible words at the beginning: one",
        ),
        (lambda g: g.log_probability(""), "the text is empty; give a story"),
        (lambda g: g.log_probability([END]), "the text is empty"),
        (
            lambda g: g.read("anna was a"),
            r"'<end>' \(position 3\) is not possible there; possible words after 'anna was a'",
        ),
        (lambda g: g.masked_word([], 0), "the text is empty"),
        (lambda g: g.masked_word("anna was a", 3), "position 3 is not among the 3 words 0 ... 2"),
        (lambda g: g.sense("anna was a", -1), "position -1 is not among the 3 words"),
        (lambda g: g.masked_word("anna was a pirate", 1), r"'<end>' \(position 4\) is not"),
        (lambda g: g.masked_word("anna was was a", 0), r"'was' \(position 2\) is not"),
        (lambda g: g.sense("anna was a pirate", 1), r"'<end>' \(position 4\) is not"),
        (
            lambda g: g.read(f"anna was {MASK} pirate ."),
            f"position 2 is {MASK}, and such a text tells more than one story; give its words",
        ),
        (
            lambda g: g.sense("anna was a", 0, read="right"),
            "read='right' is unknown; take 'left' or",
        ),
        (
            lambda g: best_reader(g, g.stories(1, torch.Generator()), read="Left"),
            "read='Left' is unknown",
        ),
        (lambda g: best_reader(g, [], read="left"), "no stories were given; give at least one"),
    ],
)
def test_bad_input_is_told(language, ask, why):
    with pytest.raises(ValueError, match=why):
        ask(language)


GOOD = "names girl (he=she): anna\nwords toy: kite\nrule STORY\n 1 ?a:girl\nabout gave\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no rule 'STORY'"),
        (
            "clas girl: anna",
            "line 1: begin with names, words, rule or about, not 'clas girl: anna'",
        ),
        (" 1 anna", "line 1: begin with names, words, rule or about"),
        (GOOD + "names girl: lily", "line 6: 'girl' is there already"),
        ("names girl (he): anna", r"line 1: write what stands for a word as he=she, not \['he'\]"),
        ("words toy: kite\n drum kite", r"line 2: \['kite'\] twice in class 'toy'"),
        ("rule STORY\n one anna", "line 2: begin with a weight, a number above 0, not 'one'"),
        ("rule STORY\n 0 anna", "line 2: begin with a weight"),
        ("rule STORY\n 1 ?a:b:c", r"line 2: cannot read '\?a:b:c'; write \?x:CLASS"),
        ("rule STORY\n 1 ?cat", "line 2: there is no class 'cat'"),
        ("rule STORY\n 1 $CAT", "line 2: there is no rule 'CAT' that says something"),
        ("rule STORY\n 1 $A\nrule A\n 1 $STORY", "line 4: [$]STORY comes back to itself"),
        ("rule STORY\n 1 $A\nrule A(x)\n 1 b", "line 2: [$]A takes 1 variables, not 0"),
        ("rule STORY\n 1 !a", "line 2: 'a' holds nothing yet; choose it with [?]a:CLASS"),
        (GOOD.replace("?a:girl", "?a:girl !a.him"), "line 4: class 'girl' has no form 'him'"),
        (GOOD.replace("?a:girl", "?a:girl ?b:girl !a"), "line 4: all words of 'girl' are taken"),
        (
            GOOD.replace("?a:girl", "?a:girl @took(a,a,a)"),
            "line 4: there is no mark @took with 3 variables",
        ),
        (GOOD.replace("?a:girl", "?a:girl @gave(a,a)"), "line 4: there is no mark @gave with 2"),
        (GOOD + " who gave !it ? = giver", "line 6: write words, then = and one of giver, thing"),
        (GOOD + " who gave !thing ?", "line 6: write words, then = and one of"),
    ],
)
def test_a_damaged_grammar_names_the_line(text, why):
    with pytest.raises(ValueError, match=why):
        Grammar(text)
