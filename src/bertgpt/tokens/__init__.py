"""From text to numbers: vocabularies, BPE and WordPiece."""
