"""hear-validator on today's Python: does a module keep the HEAR API, and can its scores be trusted?

Upstream's hearvalidator 2021.0.6 needs Python < 3.9 and TensorFlow. This package makes the same
checks in the same order with the same messages, without TensorFlow, and then the ones it lacks.
"""

from benchmark.validator.loaded_module import ValidationError
from benchmark.validator.validate import validate

__all__ = ["ValidationError", "validate"]
