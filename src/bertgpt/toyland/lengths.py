"""How long stories are: exact."""

from collections import defaultdict

from bertgpt.toyland.language import Grammar


def lengths(language: Grammar) -> dict[int, float]:
    """Probability of each number of words of a story, in one pass over the states.

    >>> tiny = Grammar("rule STORY\\n  3 hello world\\n  1 hello you there")
    >>> lengths(tiny)
    {2: 0.75, 3: 0.25}
    """
    of_state: list[dict[int, float]] = []
    for state in language.states.states:
        sums: dict[int, float] = defaultdict(float)
        for option in state.options:  # each leads to a state with a smaller number
            for n, p in of_state[option.state].items():
                sums[n + 1] += option.p * p
        of_state.append(dict(sums) or {0: 1.0})  # the end has no options
    return {n - 1: p for n, p in sorted(of_state[-1].items())}  # END does not count
