"""An openly licensed corpus, made from packages of Debian (``mspretrain corpus debian``)."""
