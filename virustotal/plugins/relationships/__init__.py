"""The analysers of every relationship but behaviours: one module a family, one look for lists that are alike."""
