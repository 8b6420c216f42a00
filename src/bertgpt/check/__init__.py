"""Checkers for the exercises, a module for each page: they run offline and say *what* is wrong.

A page ends an exercise with, say, ``check.counting.bits_per_token(my_function)``. The checker calls
the function on small inputs whose answers are known and returns a :class:`~.feedback.Feedback`,
which a notebook shows as a sentence. A checker never raises, whatever the function does.
"""

from bertgpt.check import attention as attention
from bertgpt.check import bert as bert
from bertgpt.check import bert_is_not_gpt as bert_is_not_gpt
from bertgpt.check import cost_and_depth as cost_and_depth
from bertgpt.check import counting as counting
from bertgpt.check import gates as gates
from bertgpt.check import gpt as gpt
from bertgpt.check import inside_the_word as inside_the_word
from bertgpt.check import published_weights as published_weights
from bertgpt.check import recurrence as recurrence
from bertgpt.check import self_attention as self_attention
from bertgpt.check import the_transformer as the_transformer
from bertgpt.check import tokens as tokens
from bertgpt.check import words_as_vectors as words_as_vectors
