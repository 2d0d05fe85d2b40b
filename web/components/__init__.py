"""The parts every page is arranged from: template macros, small drawings, and the page that shows them all."""
