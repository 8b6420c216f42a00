"""The command line of pretraining."""

import argparse

from bertgpt.training.recipe import MASKS, OBJECTIVES


def made_parser() -> argparse.ArgumentParser:
    """A parser whose help says what each setting is, in which unit, and what is usual."""
    parser = argparse.ArgumentParser(
        prog="bertgpt-pretrain",
        description="Pretrain a BERT or a GPT. Interrupted, the same command goes on.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    _what(parser.add_argument_group("what is trained"))
    _size(parser.add_argument_group("its size"))
    _how(parser.add_argument_group("how it is trained"))
    _where(parser.add_argument_group("where"))
    return parser


def _what(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--model", choices=("bert", "gpt"), required=True, help="its class and its head")
    add(
        "--corpus",
        default="toyland",
        help="toyland, wikipedia, python, a text file, or a data set of the hub",
    )
    add("--mask", choices=MASKS, help="who may read whom; BERT: full, GPT: causal")
    add("--objective", choices=OBJECTIVES, help="what is guessed; BERT: masked, GPT: next-token")
    add("--mask-rate", type=float, default=0.15, help="of the objective masked: share hidden")
    add("--next-sentence", action="store_true", help="read pairs, and say if the second follows")
    add("--begin", metavar="FOLDER", help="a saved model whose stack this one begins with")
    add("--stories", type=int, default=200_000, help="of Toyland: how many different ones")
    add("--vocab-size", type=int, default=4096, help="of real text: tokens that are learned")
    add("--length", type=int, default=128, help="of real text: tokens in a piece")  # fmt: skip


def _size(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--width", type=int, default=128, help="D")
    add("--layers", type=int, default=4, help="blocks")
    add("--heads", type=int, default=4, help="of attention, in each block")
    add("--dropout", type=float, default=0.0, help="probability, in [0, 1)")


def _how(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--steps", type=int, default=8000, help="updates")
    add("--batch", type=int, default=64, help="texts in an update, over all processes")
    add("--parts", type=int, default=1, help="of a process' share of a batch, one after the other")
    add("--learning-rate", type=float, default=2e-3, help="at its highest")
    add("--warmup", type=int, help="updates in which it rises; a twentieth of all if left out")
    add(
        "--final-share", type=float, default=0.02, help="of it that is left at the end, by a cosine"
    )
    add("--weight-decay", type=float, default=0.01, help="on matrices and tables")
    add("--clip", type=float, default=1.0, help="largest norm of a gradient")
    add("--seed", type=int, default=0, help="of weights, order and what is hidden")
    add("--bf16", action="store_true", help="matrix products in bfloat16")  # fmt: skip


def _where(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--out", metavar="FOLDER", help="state and model; runs/MODEL-CORPUS if left out")
    add("--every", type=int, default=500, help="updates between reports, each with a saved state")
    add("--device", help="cpu, cuda or mps; the best that is there if left out")
    add("--threads", type=int, default=1, help="of a process, on CPU")
    add("--fsdp", action="store_true", help="each process keeps a part of the weights")
