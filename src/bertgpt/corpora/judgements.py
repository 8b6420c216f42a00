"""Lists of human judgements: how alike two words are, and what is to c as b is to a."""

from typing import Literal

from bertgpt.corpora import shipped


def word_similarity(name: Literal["wordsim353", "simlex999"]) -> list[tuple[str, str, float]]:
    """Pairs of words with people's mean judgement of how alike they are.

    "wordsim353" asks how *related* two words are (Finkelstein et al. 2002): cup and coffee score
    high. "simlex999" asks how *similar* they are (Hill, Reichart and Korhonen 2015): old and new
    score low. Some pairs of "wordsim353" are in it twice, and tiger is paired with itself.

    Returns:
        (word, word, judgement from 0 to 10), in lower case, as gensim ships them.
    Raises:
        ValueError: for another name, or if gensim's file is missing or damaged.

    >>> word_similarity("wordsim353")[1]
    ('tiger', 'cat', 7.35)
    """
    files = {"wordsim353": "wordsim353.tsv", "simlex999": "simlex999.txt"}
    if name not in files:
        raise ValueError(f"no list is called {name!r}; there are {' and '.join(files)}")

    def pairs(lines: list[str]) -> list[tuple[str, str, float]]:
        rows = [line.lower().split("\t") for line in lines if not line.startswith("#")]
        return [(a, b, float(score)) for a, b, score in rows]

    return shipped.parsed(files[name], pairs)


def analogies() -> dict[str, list[tuple[str, str, str, str]]]:
    """Questions "a is to b as c is to d", by section (Mikolov et al. 2013a, section 4.1).

    Returns:
        For each section's name its questions, in lower case, as gensim ships them; the names of
        the sections about grammar begin with "gram".
    Raises:
        ValueError: if gensim's file is missing or damaged.

    >>> analogies()["family"][0]
    ('boy', 'girl', 'brother', 'sister')
    """

    def sections(lines: list[str]) -> dict[str, list[tuple[str, str, str, str]]]:
        found: dict[str, list[tuple[str, str, str, str]]] = {}
        section = None
        for line in lines:
            if line.startswith(":"):
                section = line[1:].strip()
            elif section is None:
                raise ValueError(f"{line!r} comes before the first section")
            else:
                a, b, c, d = line.lower().split()
                found.setdefault(section, []).append((a, b, c, d))
        return found

    return shipped.parsed("questions-words.txt", sections)
