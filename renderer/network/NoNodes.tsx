/** There is nobody to ask yet. */
export function NoNodes({ onNodes }: { onNodes: () => void }) {
  return (
    <>
      <p className="quiet">No other DICOM application is known to this station yet.</p>
      <div>
        <button type="button" onClick={onNodes} title="Settings › Network">
          Add a node…
        </button>
      </div>
    </>
  )
}
