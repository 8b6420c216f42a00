"""Experiments over several seeds, one function each, and their stored results.

Importing this package registers all of them: a module here for each part of the course.
"""

from bertgpt.experiments import adding as adding
from bertgpt.experiments import attention as attention
from bertgpt.experiments import characters as characters
from bertgpt.experiments import copy_heads as copy_heads
from bertgpt.experiments import cost as cost
from bertgpt.experiments import gates as gates
from bertgpt.experiments import named_before as named_before
from bertgpt.experiments import norms as norms
from bertgpt.experiments import recurrence as recurrence
from bertgpt.experiments import residual_scaling as residual_scaling
from bertgpt.experiments import transformer as transformer
from bertgpt.experiments import translation as translation
from bertgpt.experiments import words as words
from bertgpt.experiments.runner import REGISTERED, experiment, main, run

__all__ = ["REGISTERED", "experiment", "main", "run"]
