"""OneRoster 1.2: users.csv does not state who is a student, roles.csv does."""

import io
import zipfile

import pytest

from integration_tests.roster.roster_command import rows_sent, run_import, schema_ids

USERS = """\
sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,identifier,grades,
u-1,active,,true,zyxk,,Zyx,Kwyx,00123,03,
u-2,active,,true,bozq,,Boz,Qax,T9,,
sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,identifier,grades,
u-3,active,,true,cyzq,,Cyz,Qaz,00125,04,
U-1,active,,true,dizq,,Diz,Qaw,P1,,
u-5,active,,true,eozq,,Eoz,Qav,X1,,
"""
ROLES = """\
sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId
r-1,active,,u-1,primary,student,,,o-1,
r-2,active,,u-2,primary,teacher,,,o-1,
r-3,active,,u-3,primary,aide,,,o-1,
r-4,active,,u-3,secondary,Student,,,o-2,
r-5,active,,U-1,primary,parent,,,o-1,
r-6,tobedeleted,,u-5,primary,student,,,o-1,
"""
FIRST = {"ExternalID": "00123", "FirstName": "Zyx", "LastName": "Kwyx", "Grade": "03"}
STUDENTS = [FIRST, {"ExternalID": "00125", "FirstName": "Cyz", "LastName": "Qaz", "Grade": "04"}]
ONLY_STUDENTS = ("--only", "role=student", "--ignore-others")


def zipped(files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()


def imported(sandbox, path, *options):
    result = run_import(path, "--into", schema_ids(sandbox)[1], *options, sandbox=sandbox)
    assert [value for value in ("Zyx", "Qax", "00123", "zyxk") if value in result.stdout] == []
    return result


def test_students_are_chosen_by_the_roles_in_the_same_folder(sandbox, tmp_path):
    (tmp_path / "users.csv").write_text(USERS)
    (tmp_path / "roles.csv").write_text(ROLES)
    result = imported(sandbox, tmp_path / "users.csv", *ONLY_STUDENTS)
    assert result.returncode == 0, result.stdout
    assert "users.csv: The column role is added from roles.csv." in result.stdout
    assert "users.csv: Left out, because they repeat the header: line 4." in result.stdout
    assert "users.csv: Left out, because they are not chosen by --only: lines 3, 6, 7." in result.stdout
    assert "no column states who is a student" not in result.stdout
    assert rows_sent(sandbox) == STUDENTS


@pytest.mark.parametrize("folder", ["", "export/"])
def test_students_are_chosen_by_the_roles_in_the_same_archive(sandbox, tmp_path, folder):
    other = {"other/roles.csv": "a,b\n1,2\n"}
    (tmp_path / "roles.csv").write_text("a,b\n1,2\n")
    files = {f"{folder}users.csv": USERS, f"{folder}roles.csv": ROLES, f"{folder}orgs.csv": "a,b\n"}
    (tmp_path / "all.zip").write_bytes(zipped(files | other))
    result = imported(sandbox, tmp_path / "all.zip", "--sheet", "Users.csv", *ONLY_STUDENTS)
    assert result.returncode == 0, result.stdout
    assert f"all.zip/{folder}users.csv: The column role is added from all.zip/{folder}roles.csv." in result.stdout
    assert rows_sent(sandbox) == STUDENTS


def test_users_who_are_not_students_are_refused(sandbox, tmp_path):
    (tmp_path / "all.zip").write_bytes(zipped({"users.csv": USERS, "roles.csv": ROLES}))
    result = imported(sandbox, tmp_path / "all.zip", "--sheet", "users.csv", "--ignore-others")
    assert result.returncode == 2
    assert "all.zip/users.csv, lines 3, 6, 7: the role is not student." in result.stdout
    assert rows_sent(sandbox) == []


def test_file_of_roles_without_its_columns_is_refused(sandbox, tmp_path):
    (tmp_path / "users.csv").write_text(USERS)
    (tmp_path / "roles.csv").write_text("sourcedId,name\n1,2\n")
    result = imported(sandbox, tmp_path / "users.csv", *ONLY_STUDENTS)
    assert result.returncode == 2
    assert "roles.csv, line 1: the columns userSourcedId and role, which state who is a student" in result.stdout


def test_row_with_too_few_cells_is_refused_in_spite_of_its_role(sandbox, tmp_path):
    (tmp_path / "users.csv").write_text(USERS + "u-1,active,,true,zyxk,,Zyx,Kwyx,00123\n")
    (tmp_path / "roles.csv").write_text(ROLES)
    result = imported(sandbox, tmp_path / "users.csv", *ONLY_STUDENTS)
    assert result.returncode == 2
    assert "users.csv, line 8: fewer cells than the 11 columns" in result.stdout


def test_roles_are_not_read_for_another_roster(sandbox, tmp_path):
    (tmp_path / "users.csv").write_text("ExternalID,FirstName,LastName\n00123,Zyx,Kwyx\n")
    (tmp_path / "roles.csv").write_text(ROLES)
    result = imported(sandbox, tmp_path / "users.csv")
    assert result.returncode == 0
    assert "roles.csv" not in result.stdout


def test_file_of_an_archive_is_found_by_its_name_only_if_it_is_unique(sandbox, tmp_path):
    (tmp_path / "all.zip").write_bytes(zipped({"a/users.csv": USERS, "b/users.csv": USERS, "Thumbs.db": "x"}))
    result = imported(sandbox, tmp_path / "all.zip", "--sheet", "users.csv")
    assert result.returncode == 2
    several = "--sheet users.csv: all.zip has several such files: choose one with --sheet: a/users.csv, b/users.csv."
    assert several in result.stdout
