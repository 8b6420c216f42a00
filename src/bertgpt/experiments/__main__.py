"""`python -m bertgpt.experiments`."""

import sys

from bertgpt.experiments import main

sys.exit(main())
