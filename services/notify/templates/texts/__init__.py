"""One file a language (语种), named by its tag; a new file is a new language."""
