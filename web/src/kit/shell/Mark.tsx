/** The sign of the inn. */
export function Mark() {
  return (
    <svg className="ik-mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="7" className="ik-mark__ground" />
      <path
        d="M7 15.2 16 8l9 7.2V24a1.6 1.6 0 0 1-1.6 1.6H8.6A1.6 1.6 0 0 1 7 24z"
        className="ik-mark__house"
      />
      <circle cx="16" cy="16.2" r="2.5" className="ik-mark__ground" />
      <path d="M14.9 17.6h2.2l.7 5h-3.6z" className="ik-mark__ground" />
    </svg>
  );
}
