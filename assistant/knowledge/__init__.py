"""Documents in, hits out: articles, passages, index, search."""
