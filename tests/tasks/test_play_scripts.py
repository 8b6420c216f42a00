"""Scenes are judged by who is on the stage."""

import pytest

from bertgpt.tasks.play_scripts import PlayScripts

SCENE = """[Enter ANNA and BEN.]
ANNA: Have you seen the ring, BEN?
[Enter CLARA.]
BEN: The ring is lost.
CLARA: BEN, give me the key.
[Exit BEN.]
ANNA: Come to the tower with me, CLARA.
[Enter BEN.]
BEN: It rains!
[Exeunt.]
"""


def test_a_scene_that_nobody_drew_is_valid_if_the_right_persons_are_there() -> None:
    assert PlayScripts().is_valid(SCENE).fault == ""


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("[Exit BEN.]\n", "", "line 7: '[Enter BEN.]' is neither a speech nor"),
        ("[Enter CLARA.]\n", "", "line 4: CLARA speaks and is not on the stage"),
        ("with me, CLARA", "with me, BEN", "line 7: ANNA speaks to BEN, who is not there or"),
        ("give me", "give CLARA", "line 5: CLARA speaks to CLARA, who is not there or the speaker"),
        ("BEN: The", "ANNA: The", "line 4: ANNA speaks twice running"),
        ("CLARA: BEN,", "DAVID: BEN,", "line 5: DAVID speaks and is not on the stage"),
        ("[Enter CLARA.]", "[Enter CLARA.", "line 3: '[Enter CLARA.' is neither"),
        ("[Enter CLARA.]", "[Enter ZOE.]", "line 3: '[Enter ZOE.]' is neither"),
        ("[Exit BEN.]", "[Exit DAVID.]", "line 6: '[Exit DAVID.]' is neither"),
        ("It rains!", "It rains", "line 9: 'BEN: It rains' is neither"),
        ("[Exeunt.]\n", "", "it ends with 'BEN: It rains!', not with [Exeunt.]"),
        ("[Enter ANNA and BEN.]\n", "", "it opens with 'ANNA: Have you seen the ring, BEN?', not"),
        ("ANNA and BEN", "ANNA and ANNA", "it opens with '[Enter ANNA and ANNA.]', not"),
        ("BEN: It", "[Exit ANNA.]\n[Exit CLARA.]\nBEN: It", "line 11: BEN speaks to nobody"),
        ("BEN: It rains!\n", "[Exeunt.]\n", "line 9: '[Exeunt.]' is neither"),
    ],
)  # fmt: skip
def test_the_first_fault_is_named(old: str, new: str, fault: str) -> None:
    assert PlayScripts().is_valid(SCENE.replace(old, new)).fault.startswith(fault)


def test_a_speech_between_directions_still_counts_as_the_last() -> None:
    scene = SCENE.replace("BEN: The ring is lost.\n", "ANNA: The ring is lost.\n")
    assert "twice running" in PlayScripts().is_valid(scene).fault


def test_nothing_at_all_is_no_scene() -> None:
    assert PlayScripts().is_valid("").fault == "it opens with '', not with two who enter"
