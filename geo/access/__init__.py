"""Floor `access`: who may see what, and masking (权限与脱敏)."""
