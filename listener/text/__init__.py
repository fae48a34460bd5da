"""Text as strings and nothing else: cleaning, folding, language, fingerprints. No I/O."""
