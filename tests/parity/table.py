"""Print the parity table and the sharpness table: `python tests/parity/table.py`."""

import recurrent
from ladder import differences
from sharpness import shifts

if __name__ == "__main__":
    print("Right: the largest absolute difference from transformers, of the largest number there")
    for kind in ("BERT", "GPT-2"):
        for name, (difference, largest) in differences(kind).items():
            print(f"{kind:6s} {name:42s} {difference:.1e}  of {largest:.1f}")
    print("Wrong: what each variant would have shifted")
    for kind in ("BERT", "GPT-2"):
        for name, shift in shifts(kind).items():
            print(f"{kind:6s} {name:42s} {shift:.1e}")
    print("Recurrent nets: the largest absolute difference from PyTorch's, numbers and gradients")
    for kind in ("tanh", "relu", "LSTM"):
        for name, (difference, largest) in recurrent.differences(kind).items():
            print(f"{kind:6s} {name:42s} {difference:.1e}  of {largest:.1f}")
    print("Wrong: what each variant would have shifted")
    for name in recurrent.WRONG:
        print(f"{name:49s} {recurrent.shift(name):.1e}")
