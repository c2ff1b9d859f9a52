"""Open data (数据开放): published scores and values, for anybody, without small cells."""
