"""A recurrent network of torch.nn that gives each token a label."""

from torch import Tensor, nn


class RecurrentLabeller(nn.Module):
    """A recurrent network of torch.nn between a table and a linear layer.

    Args:
        net: the class of the network, torch.nn.RNN or torch.nn.LSTM.
        V: size of the vocabulary.
        D: width of the state.
        C: number of labels.
        n: width of the table.
    """

    def __init__(
        self, net: type[nn.RNN] | type[nn.LSTM], V: int, D: int, C: int, n: int = 32
    ) -> None:
        super().__init__()
        self.table = nn.Embedding(V, n)
        self.net = net(n, D, batch_first=True)
        self.read = nn.Linear(D, C)

    def forward(self, token_ids: Tensor) -> Tensor:
        return self.read(self.net(self.table(token_ids))[0])  # (B, T, C)
