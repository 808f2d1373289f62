"""What the book needs beside the taught library `pooling`: data, figures, house style."""
