"""What `draw_entries` needs: draws and customers, and the same entry by pgbench."""
