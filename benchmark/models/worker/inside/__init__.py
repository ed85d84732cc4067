"""What runs inside a worker process, in whichever Python a module needs.

This package stands alone: the standard library, numpy, and whichever of torch and TensorFlow the
module imports; Python 3.6 or later. Nothing else of msssl-hear is needed there. ``__main__.py``
starts it, `loop` answers requests, `runner` has the module, `inputs` the files that it reads.
"""
