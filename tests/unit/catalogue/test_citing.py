"""Finding every use of a source."""

from pathlib import Path

from lockgate.catalogue.citing import Use, find_uses


def test_uses_in_toml_and_csv(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "a.toml").write_text('title = "A"\nsource = "never counted"\n')
    (tmp_path / "chips").mkdir()
    (tmp_path / "chips" / "x.toml").write_text(
        'source = "a"\nrates = [{ source = "b", alternatives = [{ source = "c" }] }]\n[facts.power]\nsources = ["d", ""]\n'
    )
    (tmp_path / "chips" / "broken.toml").write_text("source = ")
    (tmp_path / "table.csv").write_text("name,source,sources\nx,e,\ny,,f; g\nz\n")
    (tmp_path / "plain.csv").write_text("name\nx\n")
    assert list(find_uses([tmp_path])) == [
        Use("a", "chips/x.toml", ""),
        Use("b", "chips/x.toml", "rates[0]"),
        Use("c", "chips/x.toml", "rates[0].alternatives[0]"),
        Use("d", "chips/x.toml", "facts.power"),
        Use("e", "table.csv", "line 2"),
        Use("f", "table.csv", "line 3"),
        Use("g", "table.csv", "line 3"),
    ]
