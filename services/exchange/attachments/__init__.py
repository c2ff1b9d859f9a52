"""Attachments (附件): files of an inquiry or a claim, sealed in the database, sent by reference and
hash."""
