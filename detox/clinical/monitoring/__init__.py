"""When the next set is due: clocks by programme, phase and dose, and what a silence says."""
