"""Reading column and table names: tokens, Han comments, pinyin, initials, English, department codebooks."""
