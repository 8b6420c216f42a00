"""Page 12, C73, E15: when does a GPT learn to copy names, and which heads look them up?"""

from typing import Any

from bertgpt.experiments.name_look_ups import asked, excess, looks, silenced
from bertgpt.experiments.runner import experiment
from bertgpt.gpt import GPT
from bertgpt.training.recipe import Recipe
from bertgpt.training.run import Run
from bertgpt.training.settings import PretrainConfig
from bertgpt.training.stories import draw_stories, toyland_config
from bertgpt.training.texts import toyland_texts
from bertgpt.training.train import TrainConfig

STEPS, EVERY, N_TEST, TEST_SEED = 3000, 100, 400, 77


def onset(seed: int, steps: int, every: int, n_stories: int | None = None) -> dict[str, Any]:
    """Train the course's GPT, shorter, and ask it on the way.

    Returns:
        "curve", after each `every` updates the `excess` and, by head ("block.head"), the first two
        numbers of `looks`; "looks" and "silenced" at the end.
    """
    texts = toyland_texts() if n_stories is None else toyland_texts(n_stories)
    training = TrainConfig(
        steps=steps, learning_rate=2e-3, warmup=min(400, steps // 10), final_share=0.02
    )
    recipe = Recipe(mask="causal", objective="next-token")
    cfg = PretrainConfig(model="gpt", recipe=recipe, training=training, seed=seed)
    run = Run(cfg, toyland_config(), texts)
    given = asked(draw_stories(N_TEST, TEST_SEED))
    curve: list[dict[str, Any]] = []
    for report in run.go(every):
        assert isinstance(run.model, GPT)
        run.model.eval()
        found = {kind: round(value, 4) for kind, value in excess(run.model, given).items()}
        at = {head: means[:2] for head, means in looks(run.model, given).items()}
        curve.append({"step": report.step, **found, "looks": at})
    assert isinstance(run.model, GPT)
    run.model.eval()
    return {
        "curve": curve,
        "looks": looks(run.model, given),
        "silenced": silenced(run.model, given),
    }


@experiment("copy_onset", seeds=range(3))
def copy_onset(seed: int) -> dict[str, Any]:
    """See `onset`: 3,000 updates of 64 stories, asked after every 100."""
    return onset(seed, STEPS, EVERY)
