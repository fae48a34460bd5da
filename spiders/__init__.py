"""One file per source; each exports ``SOURCE`` and a spider that only parses."""
